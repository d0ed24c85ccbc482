/** A client's connection in time that only moves when told to: who is waited for, and for how long. */
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { Deadlines } from "../../../../../runtimes/engine/deadlines.ts";
import { serverSockets } from "../../../../../runtimes/engine/server/listen.ts";
import { ManualClock } from "../../../../../runtimes/memory/clock.ts";
import type { Arrival } from "../../../../../src/core/arrival.ts";
import { type Body, type ByteSink, type ByteSource, NO_BODY } from "../../../../../src/core/body.ts";
import type { Answer, Gateway } from "../../../../../src/gateway.ts";
import { Watched } from "../../../../support/bound.ts";
import { RawClient } from "../../../../support/raw-client.ts";

const LARGE = Buffer.alloc(12_000_000, "a");
const KEEP_ALIVE_MS = 5_000;
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Stand {
  readonly clock: ManualClock;
  readonly client: RawClient;
  /** Requests that were answered. */
  readonly arrivals: Arrival[];
  readonly changes: Watched;
}

/** A server that answers with these bodies, and a client of it. */
const stand = async (body: (arrival: Arrival) => Body | Promise<Body>, minRate = 0): Promise<Stand> => {
  const clock = new ManualClock();
  const arrivals: Arrival[] = [];
  const changes = new Watched();
  const answer = async (arrival: Arrival): Promise<Answer> => {
    arrivals.push(arrival);
    changes.changed();
    const reply = { kind: "http", status: 200, fields: [], body: await body(arrival) };
    return { reply, ended: () => changes.changed() } as unknown as Answer;
  };
  const server = serverSockets({
    notice: () => {},
    lifecycle: { draining: false },
    counts: { open: 0, accepted: 0, refused: 0 },
    deadlines: new Deadlines(clock),
    now: () => clock.now(),
    epoch: () => clock.epoch(),
    closed: () => Promise.resolve(),
  });
  const prepared = await server.prepare({
    listen: {
      trustedProxies: [],
      halfClose: "close",
      limits: {
        headerBytes: 4096,
        headers: 100,
        targetBytes: 1024,
        bodyBytes: Number.POSITIVE_INFINITY,
        connections: 10,
        connectionsPerClient: Number.POSITIVE_INFINITY,
        requestsPerConnection: 100_000,
        minRate,
      },
      timeouts: { headerMs: 1_000, keepAliveMs: KEEP_ALIVE_MS },
      drain: { delayMs: 0, timeoutMs: 0 },
    },
    isWatched: false,
    entrances: [
      {
        name: "listen",
        host: "127.0.0.1",
        port: 0,
        socket: undefined,
        socketMode: "0600",
        tls: undefined,
        proxyProtocol: undefined,
        fallbackHost: undefined,
        role: "traffic",
        gateway: { answer } as unknown as Gateway,
      },
    ],
  });
  prepared.commit();
  const client = await RawClient.connect(server.address?.port ?? 0);
  ends.push(async () => {
    client.reset();
    await server.stop();
    if (!client.wire.socket.closed) await once(client.wire.socket, "close");
  });
  return { clock, client, arrivals, changes };
};

/** A body of which the test says when it goes on. */
const streamed = (): { body: Body; sink: Promise<ByteSink> } => {
  const { promise, resolve } = Promise.withResolvers<ByteSink>();
  const source: ByteSource = { start: resolve, resume() {}, cancel() {} };
  return { body: { kind: "stream", length: undefined, source }, sink: promise };
};

describe("client connection", () => {
  test("response may take as long as it likes while its client reads", async () => {
    const { body, sink } = streamed();
    const { client, clock } = await stand(() => body);
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const to = await sink;
    to.write(Buffer.from("before"));
    await clock.advance(3_600_000);
    to.write(Buffer.from(" after"));
    to.end([]);
    expect((await client.response()).text).toBe("before after");
  });

  test("quiet connection forgets its last request's fields, and stays open", async () => {
    const { client, clock, arrivals } = await stand(() => NO_BODY);
    const ask = async (): Promise<void> => {
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await client.response();
    };
    await ask();
    await ask();
    expect(arrivals[1]?.fields).toBe(arrivals[0]?.fields);
    await clock.advance(KEEP_ALIVE_MS - 1_000);
    await ask();
    expect(arrivals[2]?.fields).toEqual(arrivals[0]?.fields);
    expect(arrivals[2]?.fields).not.toBe(arrivals[0]?.fields);
    await clock.advance(KEEP_ALIVE_MS + 1_000);
    expect(await client.closed()).toBe("fin");
  });

  test.each([
    ["last one of its connection", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 2_000],
    ["one to HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 2_000],
    ["one of a kept connection", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", KEEP_ALIVE_MS + 1_000],
  ])("response that its client reads slowly is sent to its end: %s", async (_, request, pauseMs) => {
    const { client, clock, arrivals, changes } = await stand(() => ({ kind: "bytes", bytes: LARGE }));
    client.wire.socket.pause();
    await client.send(request);
    await changes.until(() => arrivals[0], "the request");
    await clock.advance(pauseMs);
    client.wire.socket.resume();
    expect((await client.response()).body.length).toBe(LARGE.length);
  });

  test("client that reads nothing of its response is reset after a minute", async () => {
    const { client, clock, arrivals, changes } = await stand(() => ({ kind: "bytes", bytes: LARGE }));
    client.wire.socket.pause();
    await client.send("GET / HTTP/1.0\r\n\r\n");
    await changes.until(() => arrivals[0], "the request");
    await clock.advance(61_000);
    client.wire.socket.resume();
    expect(await client.closed()).toBe("reset");
  });

  /** Takes content for as long as `takes` says so, and answers with what ended it. */
  const reader = (takes: () => boolean) => {
    const ended = Promise.withResolvers<Body>();
    const end = (text: string): void => ended.resolve({ kind: "bytes", bytes: Buffer.from(text) });
    let resume = (): void => {};
    const answer = ({ body }: Arrival): Promise<Body> => {
      if (body.kind !== "stream") throw new TypeError("a streamed body");
      const { source } = body;
      resume = () => source.resume();
      source.start({ write: takes, end: () => end("whole"), fail: ({ code }) => end(code) });
      return ended.promise;
    };
    return { answer, resume: () => resume() };
  };

  test("content below the least rate is given up, and its answer ends the connection", async () => {
    const { client, clock, arrivals, changes } = await stand(reader(() => true).answer, 10);
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    await changes.until(() => arrivals[0], "the request");
    await clock.advance(9_900);
    expect(client.wire.socket.bytesRead).toBe(0);
    await clock.advance(300);
    const response = await client.response("POST");
    expect([response.text, response.fields.get("connection")]).toEqual(["request-timeout", "close"]);
    expect(await client.closed()).toBe("fin");
  });

  test("time for which the content is held up is not the client's", async () => {
    let bytes = 0;
    const { answer, resume } = reader(() => {
      bytes += 1;
      changes.changed();
      return false;
    });
    const { client, clock, changes, arrivals } = await stand(answer, 10);
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
    await changes.until(() => arrivals[0], "the request");
    await client.send("a");
    await changes.until(() => bytes > 0 || undefined, "the first byte");
    await clock.advance(9_500);
    resume();
    await clock.advance(9_000);
    await client.send("b");
    expect((await client.response("POST")).text).toBe("whole");
  });

  test("content at the least rate goes on, until it is below", async () => {
    let bytes = 0;
    const { answer } = reader(() => {
      bytes += 1;
      changes.changed();
      return true;
    });
    const { client, clock, changes, arrivals } = await stand(answer, 10);
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    await changes.until(() => arrivals[0], "the request");
    await client.send("a".repeat(100));
    await changes.until(() => bytes > 0 || undefined, "content");
    await clock.advance(19_900);
    expect(client.wire.socket.bytesRead).toBe(0);
    await clock.advance(400);
    expect((await client.response("POST")).text).toBe("request-timeout");
  });

  test("content that its reader holds up is not given up, nor is it without a least rate", async () => {
    for (const [takes, minRate] of [
      [false, 1_000_000],
      [true, 0],
    ] as const) {
      let bytes = 0;
      const { answer, resume } = reader(() => {
        bytes += 1;
        changes.changed();
        return takes;
      });
      const { client, clock, changes } = await stand(answer, minRate);
      await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
      await client.send("a");
      await changes.until(() => bytes > 0 || undefined, "the first byte");
      await clock.advance(3_600_000);
      await client.send("b");
      resume();
      expect((await client.response("POST")).text).toBe("whole");
    }
  });

  test("client that reads nothing is reset when what it was given should have been read", async () => {
    const { client, clock, arrivals, changes } = await stand(
      () => ({ kind: "bytes", bytes: LARGE }),
      LARGE.length / 12,
    );
    client.wire.socket.pause();
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await changes.until(() => arrivals[0], "the request");
    await clock.advance(21_900);
    expect(arrivals[0]?.cancellation.reason).toBeUndefined();
    await clock.advance(300);
    expect(arrivals[0]?.cancellation.reason?.message).toContain("listen.limits.minRate");
    client.wire.socket.resume();
    expect(await client.closed()).toBe("reset");
  });

  test("answers that nobody reads hold further requests back", async () => {
    const { client, arrivals, changes } = await stand(() => ({ kind: "bytes", bytes: LARGE }));
    client.wire.socket.pause();
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(10));
    await changes.until(() => arrivals[0], "the first request");
    client.wire.socket.resume();
    await client.response();
    expect(arrivals.length).toBeLessThan(4);
    for (let i = 1; i < 10; i++) expect((await client.response()).body.length).toBe(LARGE.length);
  });

  test("interim response to an answered request is not sent to the next one", async () => {
    const late = Promise.withResolvers<Body>();
    const first: Body = { kind: "bytes", bytes: Buffer.from("first") };
    const { client, arrivals, changes } = await stand(({ target }) =>
      target === "/" ? first : late.promise,
    );
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.response();
    await client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    await changes.until(() => arrivals[1], "the second request");
    arrivals[0]?.interim?.(103, ["link", "</first.css>"]);
    late.resolve({ kind: "bytes", bytes: Buffer.from("second") });
    const { interim, text } = await client.response();
    expect([interim, text]).toEqual([[], "second"]);
  });

  test("upload goes on behind its answer for as long as content comes", async () => {
    let bytes = 0;
    let complete = false;
    const { client, clock, arrivals, changes } = await stand(({ body }) => {
      if (body.kind === "stream") {
        body.source.start({
          write: (piece) => {
            bytes += piece.length;
            changes.changed();
            return true;
          },
          end: () => (complete = true),
          fail() {},
        });
      }
      return { kind: "bytes", bytes: Buffer.from("early") };
    });
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    expect((await client.response("POST")).text).toBe("early");
    for (let i = 1; i <= 10; i++) {
      await clock.advance(30_000);
      await client.send("x");
      await changes.until(() => bytes === i || undefined, `byte ${i}`);
    }
    expect(complete).toBe(true);
    await client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await client.response()).text).toBe("early");
    expect(arrivals.map(({ target }) => target)).toEqual(["/", "/next"]);
  });

  test("content that stops behind its answer ends the connection", async () => {
    const { client, clock } = await stand(({ body }) => {
      if (body.kind === "stream") body.source.start({ write: () => true, end() {}, fail() {} });
      return { kind: "bytes", bytes: Buffer.from("early") };
    });
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    await client.response("POST");
    await clock.advance(59_000);
    expect(client.wire.socket.readableEnded).toBe(false);
    await clock.advance(2_000);
    expect(await client.closed()).toBeDefined();
  });
});
