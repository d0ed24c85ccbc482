import { describe, expect, test } from "vitest";
import { ManualClock } from "../../runtimes/memory/clock.ts";
import { seededRandom } from "../../runtimes/memory/random.ts";
import type { Post, PostAnswer } from "../../src/core/post.ts";
import { ExportQueue } from "../../src/otlp/export-queue.ts";
import { type RecordExport, RecordPush } from "../../src/record-push.ts";

interface Bench {
  readonly clock: ManualClock;
  readonly push: RecordPush<number>;
  /** Items of each request that was answered. */
  readonly sent: number[][];
  readonly losses: number[];
  readonly loads: () => number;
}

const accepted: PostAnswer = { status: 200, retryAfter: undefined, body: new Uint8Array() };

const bench = ({
  answer = () => accepted,
  encode = (items) => new Uint8Array(new TextEncoder().encode(JSON.stringify(items))),
  isBackground = true,
  maxBytes = 1e6,
}: {
  readonly answer?: (post: Post) => PostAnswer;
  readonly encode?: RecordExport<number>["encoding"]["encode"];
  readonly isBackground?: boolean;
  readonly maxBytes?: number;
} = {}): Bench => {
  const clock = new ManualClock();
  const sent: number[][] = [];
  const losses: number[] = [];
  let loads = 0;
  const queue = new ExportQueue({
    url: "http://collector/",
    headers: {},
    timeoutMs: 1_000,
    maxBytes,
    clock,
    random: seededRandom(1),
    retriesByItself: isBackground,
    send: async (post) => {
      const given = answer(post);
      if (given.status === 200) sent.push(JSON.parse(new TextDecoder().decode(post.body)) as number[]);
      return given;
    },
  });
  const push = new RecordPush<number>({
    clock,
    isBackground,
    lost: (items) => void losses.push(items),
    load: async () => {
      loads += 1;
      return { queue, encoding: { encode } };
    },
  });
  return { clock, push, sent, losses, loads: () => loads };
};

describe("record push", () => {
  test("sends the items of a second together, and loads what that takes once", async () => {
    const { clock, push, sent, loads } = bench();
    await clock.advance(5_000);
    expect(loads()).toBe(0);
    push.add(1);
    push.add(2);
    await clock.advance(999);
    expect(sent).toEqual([]);
    await clock.advance(1);
    push.add(3);
    await clock.advance(1_000);
    expect([sent, loads()]).toEqual([[[1, 2], [3]], 1]);
  });

  test("sends a full batch at once", async () => {
    const { clock, push, sent } = bench();
    for (let i = 0; i < 512; i++) push.add(i);
    await clock.advance(0);
    expect(sent.map(({ length }) => length)).toEqual([512]);
  });

  test("keeps a bounded number of items, and tells how many it did not", async () => {
    const { clock, push, sent, losses } = bench({ isBackground: false });
    for (let i = 0; i < 3_000; i++) push.add(i);
    const due = push.runDue();
    await clock.advance(1_000);
    await due;
    expect([sent.flat().length, losses]).toEqual([2_048, [952]]);
  });

  test("tells what the collector refuses for good", async () => {
    const { clock, push, losses } = bench({ answer: () => ({ ...accepted, status: 400 }) });
    push.add(1);
    push.add(2);
    await clock.advance(1_000);
    expect(losses).toEqual([2]);
  });

  test("tries again what the collector refuses for now", async () => {
    let refusals = 2;
    const { clock, push, sent, losses } = bench({
      answer: () => (refusals-- > 0 ? { ...accepted, status: 503, retryAfter: "1" } : accepted),
    });
    push.add(1);
    await clock.advance(1_000);
    expect(sent).toEqual([]);
    await clock.advance(2_000);
    expect([sent, losses]).toEqual([[[1]], []]);
  });

  test("waits with one request at a time for what it brings about, where nothing goes on between requests", async () => {
    const { clock, push, sent } = bench({ isBackground: false });
    const first = push.runDue();
    await clock.advance(900);
    await push.runDue();
    await clock.advance(100);
    push.add(1);
    await clock.advance(1_000);
    await first;
    expect(sent).toEqual([[1]]);
  });

  test("flushes what is left", async () => {
    const { clock, push, sent } = bench();
    push.add(1);
    const flushed = push.flush(500);
    await clock.advance(0);
    await flushed;
    expect(sent).toEqual([[1]]);
  });

  test("tells what it could not send at the end", async () => {
    const { clock, push, losses } = bench({ answer: () => ({ ...accepted, status: 503 }) });
    push.add(1);
    const flushed = push.flush(500);
    await clock.advance(500);
    await flushed;
    expect(losses).toEqual([1]);
  });

  test("loses what can't be encoded, and goes on", async () => {
    let isBroken = true;
    const { clock, push, sent, losses } = bench({
      encode: (items) => {
        if (isBroken) throw new TypeError("not this");
        return new Uint8Array(new TextEncoder().encode(JSON.stringify(items)));
      },
    });
    push.add(1);
    await clock.advance(1_000);
    isBroken = false;
    push.add(2);
    await clock.advance(1_000);
    expect([sent, losses]).toEqual([[[2]], [1]]);
  });
});
