import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StreamBody } from "../../src/core/body.ts";
import { replayBody } from "../../src/resilience/replay-body.ts";
import { discarded } from "../../src/resilience/replay-body.ts";
import { FedBody, ReadBody } from "../support/bodies.ts";

const step = fc.oneof(
  fc.record({
    kind: fc.constant("feed" as const),
    text: fc.string({ minLength: 1, maxLength: 12, unit: "grapheme-ascii" }),
  }),
  fc.record({ kind: fc.constant("take" as const), pieces: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ kind: fc.constant("retry" as const) }),
  fc.record({ kind: fc.constant("seal" as const) }),
);

describe("replay body", () => {
  test("gives each attempt the whole body from its beginning, whenever the ones before failed", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 80 }), (steps, maxBytes) => {
        const client = new FedBody();
        const replay = replayBody(client.body, maxBytes);
        let sent = "";
        let isSealed = false;
        let reader = new ReadBody(replay.next() as StreamBody, 1).start();
        for (const each of steps) {
          if (each.kind === "feed") {
            sent += each.text;
            client.feed(each.text);
          } else if (each.kind === "take") reader.take(each.pieces);
          else if (each.kind === "seal") {
            replay.seal();
            isSealed = true;
          } else if (!isSealed && replay.isReplayable) {
            reader.cancel(discarded());
            reader = new ReadBody(replay.next() as StreamBody, 1).start();
          }
          expect(sent.startsWith(reader.text)).toBe(true);
        }
        client.finish();
        reader.take(Infinity);
        expect(reader.text).toBe(sent);
        expect(reader.isEnded).toBe(true);
        expect(client.starts).toBe(1);
        expect(client.cancelled).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});

describe("replay body of a client", () => {
  test("is replayable up to its limit", () => {
    const client = new FedBody();
    const replay = replayBody(client.body, 8);
    new ReadBody(replay.next() as StreamBody).start();
    client.feed("12345678");
    expect(replay.isReplayable).toBe(true);
    client.feed("9");
    expect(replay.isReplayable).toBe(false);
  });

  test("is cancelled when its last attempt is, and not before", () => {
    const client = new FedBody().feed("abc");
    const replay = replayBody(client.body, 8);
    new ReadBody(replay.next() as StreamBody).start().cancel(discarded());
    expect(client.cancelled).toBeUndefined();
    const last = new ReadBody(replay.next() as StreamBody).start();
    replay.seal();
    expect(client.cancelled).toBeUndefined();
    last.cancel(discarded());
    expect(client.cancelled?.code).toBe("discarded");
  });

  test("is cancelled when no attempt reads it any more", () => {
    const client = new FedBody().feed("abc");
    const replay = replayBody(client.body, 8);
    new ReadBody(replay.next() as StreamBody).start().cancel(discarded());
    replay.next();
    replay.seal();
    expect(client.cancelled?.code).toBe("discarded");
  });

  test("is left alone where nobody has read it", () => {
    const client = new FedBody().feed("abc");
    const replay = replayBody(client.body, 8);
    replay.next();
    replay.seal();
    expect(client.starts).toBe(0);
    expect(client.cancelled).toBeUndefined();
  });
});
