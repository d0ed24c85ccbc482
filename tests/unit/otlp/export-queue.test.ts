import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../runtimes/memory/clock.ts";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import type { Post, PostAnswer } from "../../../src/core/post.ts";
import { ExportQueue, type ExportQueueOptions } from "../../../src/otlp/export-queue.ts";

interface Stand {
  readonly queue: ExportQueue;
  readonly clock: ManualClock;
  /** First bytes of the bodies that were sent, in order. */
  readonly sent: number[];
  /** Of the next requests: an answer, or a failure. Then 200. */
  readonly answers: (Partial<PostAnswer> | Error)[];
}

const stand = (more: Partial<ExportQueueOptions> = {}): Stand => {
  const clock = new ManualClock();
  const sent: number[] = [];
  const answers: Stand["answers"] = [];
  const send = async ({ body }: Post): Promise<PostAnswer> => {
    sent.push(body[0] ?? -1);
    const answer = answers.shift() ?? {};
    if (answer instanceof Error) throw answer;
    return { status: 200, retryAfter: undefined, body: new Uint8Array(), ...answer };
  };
  const queue = new ExportQueue({
    url: "http://collector",
    headers: {},
    timeoutMs: 1_000,
    maxBytes: 100,
    send,
    clock,
    random: seededRandom(),
    ...more,
  });
  return { queue, clock, sent, answers };
};

const payload = (first: number, items = 1, length = 10): { body: Uint8Array<ArrayBuffer>; items: number } => {
  const body = new Uint8Array(length);
  body[0] = first;
  return { body, items };
};

describe("export queue", () => {
  it("sends in order, one request at a time", async () => {
    const { queue, sent } = stand();
    for (const each of [1, 2, 3]) queue.push(payload(each));
    await Promise.all([queue.send(), queue.send()]);
    expect(sent).toEqual([1, 2, 3]);
    expect(queue.counts).toEqual({ accepted: 3, refused: 0, failed: 0, lostItems: 0, queuedBytes: 0 });
  });

  it.each([
    [new Error("no route to host")],
    [{ status: 429 }],
    [{ status: 502 }],
    [{ status: 503 }],
    [{ status: 504 }],
  ])("tries again after %j, later each time", async (failure) => {
    const { queue, clock, sent, answers } = stand();
    answers.push(failure, failure);
    queue.push(payload(1));
    await queue.send();
    expect(sent).toEqual([1]);
    await clock.advance(499);
    expect(sent).toEqual([1]);
    await clock.advance(501);
    expect(sent).toEqual([1, 1]);
    await clock.advance(499);
    expect(sent).toEqual([1, 1]);
    await clock.advance(1_501);
    expect(sent).toEqual([1, 1, 1]);
    expect(queue.counts).toMatchObject({ accepted: 1, failed: 2, lostItems: 0 });
  });

  it("waits as long as the collector asks", async () => {
    const { queue, clock, sent, answers } = stand();
    answers.push({ status: 503, retryAfter: "7" });
    queue.push(payload(1));
    await queue.send();
    await clock.advance(6_999);
    await queue.send();
    expect(sent).toEqual([1]);
    await clock.advance(1);
    expect(sent).toEqual([1, 1]);
  });

  it.each([400, 401, 404, 413, 302])(
    "gives up what is answered %i, and counts its items as lost",
    async (status) => {
      const { queue, sent, answers } = stand();
      answers.push({ status });
      queue.push(payload(1, 5));
      queue.push(payload(2, 1));
      await queue.send();
      expect(sent).toEqual([1, 2]);
      expect(queue.counts).toMatchObject({ accepted: 1, refused: 1, lostItems: 5 });
    },
  );

  it("drops the oldest where there is no room, and counts its items as lost", async () => {
    const { queue, clock, sent, answers } = stand({ maxBytes: 25 });
    answers.push(new Error("gone"));
    for (const each of [1, 2, 3]) queue.push(payload(each, 2));
    expect(queue.counts).toMatchObject({ queuedBytes: 20, lostItems: 2 });
    await queue.send();
    await clock.advance(1_000);
    expect(sent).toEqual([2, 2, 3]);
  });

  it("never drops what is on its way", async () => {
    const answered = Promise.withResolvers<PostAnswer>();
    const { queue } = stand({ maxBytes: 15, send: () => answered.promise });
    queue.push(payload(1));
    const sending = queue.send();
    queue.push(payload(2));
    queue.push(payload(3));
    expect(queue.counts).toMatchObject({ lostItems: 2, queuedBytes: 10 });
    answered.resolve({ status: 200, retryAfter: undefined, body: new Uint8Array() });
    await sending;
    expect(queue.counts).toMatchObject({ accepted: 1, queuedBytes: 0 });
  });

  it("counts what a collector rejects of an accepted request", async () => {
    const { queue, answers } = stand({ rejectedIn: (body) => body[0] ?? 0 });
    answers.push({ body: Uint8Array.of(3) });
    queue.push(payload(1, 9));
    await queue.send();
    expect(queue.counts).toMatchObject({ accepted: 1, lostItems: 3 });
  });

  it.each([
    ["nothing", undefined, 0],
    ["a number as text, as JSON has it", "3", 3],
    ["more than was sent", 1e9, 9],
  ])("counts %s as what was rejected", async (_, found, lostItems) => {
    const { queue } = stand({ rejectedIn: () => found });
    queue.push(payload(1, 9));
    await queue.send();
    expect(queue.counts).toMatchObject({ accepted: 1, lostItems });
  });

  it.each([[-5], ["-5"], ["x"], [""], [Number.NaN], [1.5], [null], [{}], [[3]], [true]])(
    "counts a request as accepted whose answer has %j as the number of rejected items",
    async (found) => {
      const { queue, sent } = stand({ rejectedIn: () => found });
      queue.push(payload(1, 9));
      await queue.send();
      await queue.send();
      expect(sent).toEqual([1]);
      expect(queue.counts).toEqual({ accepted: 1, refused: 0, failed: 0, lostItems: 0, queuedBytes: 0 });
    },
  );

  it("counts a request as accepted whose answer can't be read, and tells so once", async () => {
    let told = 0;
    const { queue, sent } = stand({
      rejectedIn: () => {
        throw new TypeError("no such message");
      },
      unreadable: () => void (told += 1),
    });
    for (const each of [1, 2, 3]) queue.push(payload(each));
    await expect(queue.send()).resolves.toBeUndefined();
    expect(sent).toEqual([1, 2, 3]);
    expect(queue.counts).toMatchObject({ accepted: 3, lostItems: 0, queuedBytes: 0 });
    expect(told).toBe(1);
  });

  it.each([["31536000"], ["Fri, 31 Dec 2100 23:59:59 GMT"], ["9".repeat(400)]])(
    "waits five minutes at most where the collector asks for %s",
    async (retryAfter) => {
      const { queue, clock, sent, answers } = stand();
      answers.push({ status: 503, retryAfter });
      queue.push(payload(1));
      await queue.send();
      await clock.advance(299_999);
      expect(sent).toEqual([1]);
      await clock.advance(1);
      expect(sent).toEqual([1, 1]);
    },
  );

  it("leaves retries to its owner where timers don't go on", async () => {
    const { queue, clock, sent, answers } = stand({ retriesByItself: false });
    answers.push(new Error("gone"));
    queue.push(payload(1));
    await queue.send();
    expect(queue.retryInMs()).toBeGreaterThan(0);
    await clock.advance(60_000);
    expect(sent).toEqual([1]);
    await queue.send();
    expect([sent, queue.retryInMs()]).toEqual([[1, 1], undefined]);
  });
});

describe("flush", () => {
  it("does not wait for backoff, and counts what it can't send as lost", async () => {
    const { queue, clock, sent, answers } = stand();
    answers.push({ status: 503, retryAfter: "3600" });
    queue.push(payload(1));
    await queue.send();
    const flushed = queue.flush(2_000);
    await clock.advance(1);
    await flushed;
    expect(sent).toEqual([1, 1]);
    expect(queue.counts).toMatchObject({ accepted: 1, lostItems: 0 });
  });

  it("ends in time where the collector does not answer", async () => {
    const { queue, clock } = stand({ send: () => new Promise(() => {}) });
    queue.push(payload(1, 4));
    const flushed = queue.flush(2_000);
    await clock.advance(2_000);
    await flushed;
    expect(queue.counts).toMatchObject({ accepted: 0, lostItems: 4, queuedBytes: 0 });
  });
});
