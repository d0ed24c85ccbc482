import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test } from "vitest";
import { InterimFilter } from "../../../../runtimes/node/interim.ts";
import { nodeClock } from "../../../../runtimes/node/clock.ts";
import { nodeRandom } from "../../../../runtimes/node/random.ts";
import { EndpointConnections } from "../../../../runtimes/node/pool.ts";
import { ReadBuffer } from "../../../../runtimes/node/read-buffer.ts";
import { responseFields } from "../../../../runtimes/node/response-fields.ts";
import { stderrTelemetry } from "../../../../runtimes/stderr-telemetry.ts";
import { type BodySource, UpstreamBody } from "../../../../runtimes/node/upstream-body.ts";
import { ProxyError } from "../../../../src/core/errors.ts";
import { NO_EDITS } from "../../../../src/http/header-edits.ts";
import { createEndpoint } from "../../../../src/upstream/endpoint.ts";

describe("random", () => {
  test("ids are 32 hexadecimal digits and differ, past the end of the buffered bytes too", () => {
    const random = nodeRandom();
    const ids = Array.from({ length: 1_000 }, () => random.id());
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(1_000);
  });
});

describe("clock", () => {
  test("task runs after its time and not when cancelled", async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      const cancel = nodeClock.after(1, () => order.push("cancelled"));
      cancel();
      const keepAlive = setTimeout(() => {}, 1_000);
      nodeClock.after(5, () => {
        order.push("ran");
        clearTimeout(keepAlive);
        resolve();
      });
    });
    expect(order).toEqual(["ran"]);
  });
});

describe("telemetry", () => {
  const failure = (error: ProxyError): Parameters<ReturnType<typeof stderrTelemetry>["failed"]>[0] => ({
    error,
    requestId: "id",
    method: "GET",
    target: "/a?secret=1",
  });

  test("line tells the code and the chain of causes, no query and no second line", () => {
    const lines: string[] = [];
    const error = new ProxyError("connect-failed", {
      detail: "could not connect",
      cause: new Error("ECONN\nREFUSED"),
    });
    stderrTelemetry((line) => lines.push(line)).failed(failure(error));
    expect(lines).toEqual(["connect-failed GET /a id=id: could not connect < ECONN?REFUSED"]);
  });

  test("number of lines is bounded and what clients do wrong is left out", () => {
    const lines: string[] = [];
    const telemetry = stderrTelemetry((line) => lines.push(line));
    telemetry.failed(failure(new ProxyError("no-route")));
    expect(lines).toEqual([]);
    for (let i = 0; i < 500; i++) telemetry.failed(failure(new ProxyError("no-endpoint")));
    expect(lines.length).toBeLessThan(100);
  });
});

describe("interim filter", () => {
  const final = "HTTP/1.1 200 OK\r\n\r\n";
  const pass = (filter: InterimFilter, text: string): string | undefined =>
    filter.pass(Buffer.from(text, "latin1"))?.toString("latin1");

  test("100 is taken out wherever the bytes are divided", () => {
    const all = `HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 100\r\n\r\n${final}`;
    for (let at = 1; at < all.length; at++) {
      const filter = new InterimFilter();
      filter.expectResponse();
      const seen = (pass(filter, all.slice(0, at)) ?? "") + (pass(filter, all.slice(at)) ?? "");
      expect(seen).toBe(final);
    }
  });

  test("100 is taken out from among other interim responses", () => {
    const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const all = `${hints}HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${hints}HTTP/1.1 100\r\n\r\n${final}`;
    const expected = `${hints}HTTP/1.1 102 Processing\r\n\r\n${hints}${final}`;
    for (let at = 1; at < all.length; at++) {
      const filter = new InterimFilter();
      filter.expectResponse();
      const seen = (pass(filter, all.slice(0, at)) ?? "") + (pass(filter, all.slice(at)) ?? "");
      expect(seen).toBe(expected);
    }
  });

  test("anything else passes, and neither a body nor another protocol is ever looked at", () => {
    const like = "HTTP/1.1 100 Continue\r\n\r\n";
    for (const first of [final, "HTTP/1.1 101 Switching Protocols\r\n\r\n", "SSH-2.0"]) {
      const filter = new InterimFilter();
      filter.expectResponse();
      expect(pass(filter, first)).toBe(first);
      expect(pass(filter, like)).toBe(like);
    }
    expect(pass(new InterimFilter(), "HTTP/1.1 100 ")).toBe("HTTP/1.1 100 ");
  });

  test("interim response without an end is left to the parser", () => {
    const filter = new InterimFilter();
    filter.expectResponse();
    const endless = `HTTP/1.1 103 Early Hints\r\nX: ${"a".repeat(9_000)}`;
    expect(pass(filter, endless)).toBe(endless);
    expect(pass(filter, "more")).toBe("more");
  });
});

describe("connections of an endpoint", () => {
  test("one that is given up under a pipeline leaves its place with its last exchange", async () => {
    const pool = { connections: 1, keepAliveMs: 4_000, pipelining: 2 };
    const endpoint = createEndpoint({
      upstream: "a",
      url: "http://a.invalid",
      weight: 1,
      tls: undefined,
      pool,
    });
    const connections = new EndpointConnections(endpoint, 1_000);
    const first = connections.tryAcquire();
    expect(first).toBeDefined();
    expect(connections.tryAcquire()).toBe(first);
    if (first === undefined) return;
    connections.release(first, false);
    expect(connections.tryAcquire()).toBeUndefined();
    connections.release(first, true);
    const second = connections.tryAcquire();
    expect(second).toBeDefined();
    expect(second).not.toBe(first);
    await connections.close();
  });
});

describe("response fields", () => {
  test("each Set-Cookie stays a field of its own in Headers", () => {
    const record = responseFields({ "set-cookie": ["a=1, x", "b=2"], vary: "a" }, NO_EDITS, 200);
    const headers = new Headers(record as unknown as Record<string, string>);
    expect(headers.getSetCookie()).toEqual(["a=1, x", "b=2"]);
    expect(Object.keys(record)).toEqual(["set-cookie", "vary"]);
  });

  test("what Connection nominates goes, and so does the length of a chunked body", () => {
    const received = {
      connection: "x-hop",
      "x-hop": "1",
      "transfer-encoding": "chunked",
      "content-length": "3",
    };
    const edits = { ...NO_EDITS, drop: new Set(["connection", "transfer-encoding"]) };
    expect(responseFields(received, edits, 200)).toEqual({});
  });

  test("what a second Connection field nominates goes too", () => {
    const received = { connection: ["keep-alive", "X-Hop"], "x-hop": "1", "x-end": "2" };
    const edits = { ...NO_EDITS, drop: new Set(["connection"]) };
    expect(responseFields(received as unknown as IncomingHttpHeaders, edits, 200)).toEqual({ "x-end": "2" });
  });
});

describe("read buffer", () => {
  test("lent buffer is read into again once it is returned, and not before", () => {
    const reading = new ReadBuffer();
    const first = reading.buffer();
    const borrower = { hasReturned: false };
    const fill = (): Uint8Array | undefined => {
      reading.callback(10, first);
      return reading.buffer();
    };
    expect(fill()).toBeUndefined();
    reading.lend(borrower);
    const second = fill();
    expect(second).not.toBe(first);
    reading.lend({ hasReturned: false });
    expect(fill()).not.toBe(first);
    borrower.hasReturned = true;
    reading.lend({ hasReturned: false });
    expect(fill()).toBe(first);
  });

  test("every new handle gets a buffer", () => {
    const reading = new ReadBuffer();
    expect(reading.buffer()).toBe(reading.buffer());
  });
});

describe("upstream body", () => {
  const sourced = (received: Uint8Array[] = []): { body: UpstreamBody; calls: string[] } => {
    const calls: string[] = [];
    const source: BodySource = {
      pause: () => void calls.push("pause"),
      resume: () => void calls.push("resume"),
      cancel: () => void calls.push("cancel"),
    };
    return { body: new UpstreamBody(source, received), calls };
  };
  const bytes = (text: string): Buffer => Buffer.from(text);

  test("Response reads it like any stream", async () => {
    const { body } = sourced([bytes("a")]);
    const text = new Response(body as unknown as BodyInit).text();
    body.push(bytes("b"));
    body.end();
    expect(await text).toBe("ab");
  });

  test("error comes after the pieces before it", async () => {
    const { body } = sourced([bytes("a")]);
    body.fail(new ProxyError("upstream-reset"));
    const reader = body.getReader();
    expect(await reader.read()).toMatchObject({ done: false });
    await expect(reader.read()).rejects.toThrow(ProxyError);
    await reader.closed;
  });

  test("source is paused above the mark and resumed when all is taken", async () => {
    const { body, calls } = sourced();
    body.push(Buffer.alloc(100_000));
    expect(calls).toEqual([]);
    body.push(Buffer.alloc(100_000));
    expect(calls).toEqual(["pause"]);
    const reader = body.getReader();
    await reader.read();
    await reader.read();
    expect(calls).toEqual(["pause"]);
    const next = Promise.resolve(reader.read());
    await Promise.resolve();
    expect(calls).toEqual(["pause", "resume"]);
    body.end();
    expect((await next).done).toBe(true);
  });

  test("cancelling reaches the source once", async () => {
    const { body, calls } = sourced();
    const reader = body.getReader();
    await reader.cancel();
    await reader.cancel();
    expect(calls).toEqual(["cancel"]);
  });

  test("reading a Response only in part and cancelling reaches the source", async () => {
    const { body, calls } = sourced([bytes("a")]);
    const reader = new Response(body as unknown as BodyInit).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(calls).toEqual(["cancel"]);
  });
});
