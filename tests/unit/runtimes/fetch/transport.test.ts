import { describe, expect, test } from "vitest";
import { type FetchTransportOptions, fetchTransport } from "../../../../runtimes/fetch/transport.ts";
import { ManualClock } from "../../../../runtimes/memory/mod.ts";
import type { ProxyError } from "../../../../src/core/errors.ts";
import type { Outcome } from "../../../../src/core/outcome.ts";
import type { HttpReply } from "../../../../src/core/reply.ts";
import { firstValue } from "../../../../src/http/headers.ts";
import { type AttemptParts, testAttempt, testEndpoint } from "../../../support/attempt.ts";
import { bytesBody, readerOf, sourceOf, streamBody, textOf } from "../../../support/reading.ts";

interface Call {
  readonly url: string;
  readonly init: RequestInit;
}

interface Rig {
  readonly calls: Call[];
  readonly outcomes: Outcome[];
  readonly clock: ManualClock;
  send(parts?: Omit<Partial<AttemptParts>, "settle">): Promise<HttpReply>;
}

type Answer = (call: Call) => Response | Promise<Response>;

const endpoint = testEndpoint({ url: "http://origin.test:3000" });

const rigOf = (answer: Answer, options: Partial<FetchTransportOptions> = {}): Rig => {
  const calls: Call[] = [];
  const outcomes: Outcome[] = [];
  const clock = new ManualClock();
  const transport = fetchTransport({
    clock,
    fetch: async (url, init) => {
      const call = { url, init };
      calls.push(call);
      return answer(call);
    },
    ...options,
  });
  return {
    calls,
    outcomes,
    clock,
    async send(parts = {}) {
      const attempt = testAttempt({ endpoint, ...parts, settle: (outcome) => outcomes.push(outcome) });
      const reply = await transport.send(attempt);
      if (reply.kind !== "http") throw new TypeError("a tunnel by fetch");
      return reply;
    },
  };
};

const fieldsOf = ({ init }: Call): Headers => new Headers(init.headers);
const codeOf = (sending: Promise<unknown>): Promise<string> =>
  sending.then(
    () => "none",
    (error: unknown) => (error as ProxyError).code,
  );

describe("content codings", () => {
  const coded = (coding: string): Response =>
    new Response("the content", {
      headers: {
        "content-encoding": coding,
        "content-length": "5",
        etag: '"v"',
        "content-digest": "sha-256=:x=:",
      },
    });

  test("are not asked for where fetch decodes, in words that no runtime takes for a setting of its own", async () => {
    const rig = rigOf(() => new Response("x"));
    await rig.send({ fields: ["Accept-Encoding", "gzip, br"] });
    await rig.send();
    expect(rig.calls.map((call) => fieldsOf(call).get("accept-encoding"))).toEqual([
      "identity;q=1",
      "identity;q=1",
    ]);
  });

  test.each(["gzip", "x-gzip", "BR"])(
    "that came nevertheless are gone with what described them: %s",
    async (coding) => {
      const reply = await rigOf(() => coded(coding)).send();
      const left = ["content-encoding", "content-length", "content-digest", "etag"];
      expect(left.map((name) => firstValue(reply.fields, name))).toEqual([
        undefined,
        undefined,
        undefined,
        'W/"v"',
      ]);
      expect(reply.body).toMatchObject({ kind: "stream", length: undefined });
      expect(await textOf(reply.body)).toBe("the content");
    },
  );

  test("of which nobody knows whether they were decoded are no valid response", async () => {
    const rig = rigOf(() => coded("zstd"));
    expect(await codeOf(rig.send())).toBe("bad-upstream-response");
    expect(rig.outcomes).toMatchObject([{ ending: "failed", progress: "head", status: 200 }]);
  });

  test("pass both ways untouched where the runtime keeps them", async () => {
    const rig = rigOf(() => coded("zstd"), { keepsCodings: true });
    const reply = await rig.send({ fields: ["Accept-Encoding", "zstd"] });
    expect(fieldsOf(rig.calls[0] as Call).get("accept-encoding")).toBe("zstd");
    expect(["content-encoding", "etag"].map((name) => firstValue(reply.fields, name))).toEqual([
      "zstd",
      '"v"',
    ]);
    expect(reply.body).toMatchObject({ kind: "native", length: 5 });
  });
});

describe("what fetch can't express is refused before it is asked", () => {
  test.each<[string, Partial<AttemptParts>]>([
    ["content with GET", { body: bytesBody("x") }],
    ["content with HEAD", { method: "HEAD", body: bytesBody("x") }],
    ["TRACE", { method: "TRACE" }],
    ["CONNECT", { method: "CONNECT" }],
    ["Track", { method: "Track" }],
    ["target *", { method: "OPTIONS", target: "*" }],
    ["a socket", { endpoint: testEndpoint({ url: "unix:/run/app.sock" }) }],
  ])("%s", async (_, parts) => {
    const rig = rigOf(() => new Response());
    expect(await codeOf(rig.send(parts))).toBe("not-implemented");
    expect(rig.calls).toEqual([]);
    expect(rig.outcomes).toMatchObject([{ ending: "failed", progress: "connecting" }]);
  });
});

describe("requests", () => {
  test("have the fields that are left, cookies in one", async () => {
    const rig = rigOf(() => new Response());
    await rig.send({
      target: "/a?b",
      fields: ["Host", "x", "Cookie", "a=1", "X-Gone", "1", "Cookie", "b=2", "X-Two", "1", "X-Two", "2"],
      drop: ["x-gone"],
      edits: { add: ["x-added", "1"] },
    });
    const [call] = rig.calls;
    expect([call?.url, call?.init.method, call?.init.redirect]).toEqual([
      "http://origin.test:3000/a?b",
      "GET",
      "manual",
    ]);
    const fields = fieldsOf(call as Call);
    expect(["host", "cookie", "x-gone", "x-two", "x-added"].map((name) => fields.get(name))).toEqual([
      null,
      "a=1; b=2",
      null,
      "1, 2",
      "1",
    ]);
  });

  test.each([
    ["POST", bytesBody("content")],
    ["PATCH", streamBody(sourceOf(["con", "tent"]), 7)],
    ["POST", undefined],
  ])("that must not go out twice have content that no runtime repeats (%s)", async (method, body) => {
    const rig = rigOf(() => new Response());
    await rig.send({ method, ...(body && { body }) });
    const content = rig.calls[0]?.init.body;
    expect(content).toBeInstanceOf(Blob);
    expect(await (content as Blob).text()).toBe(body === undefined ? "" : "content");
  });

  test("with large content say how long it is", async () => {
    const rig = rigOf(async ({ init }) => new Response(`${(await new Response(init.body).bytes()).length}`));
    const pieces = Array.from({ length: 100 }, () => new Uint8Array(1_000));
    const reply = await rig.send({ method: "POST", body: streamBody(sourceOf(pieces), 100_000) });
    expect(fieldsOf(rig.calls[0] as Call).get("content-length")).toBe("100000");
    expect(await textOf(reply.body)).toBe("100000");
    expect(rig.outcomes).toMatchObject([{ bytesSent: 100_000 }]);
  });

  test("with other content than was announced fail", async () => {
    const rig = rigOf(() => new Response());
    const body = streamBody(sourceOf(["con", "tent"]), 9);
    expect(await codeOf(rig.send({ method: "POST", body }))).toBe("client-closed");
    expect(rig.calls).toEqual([]);
  });
});

describe("failures", () => {
  const thrown = (code?: string, message = "certificate of connection refused"): Error =>
    new TypeError("fetch failed", {
      cause: Object.assign(new Error(message), code === undefined ? {} : { code }),
    });

  test.each([
    ["ECONNREFUSED", "connect-failed", "connecting"],
    ["ENOTFOUND", "connect-failed", "connecting"],
    ["CERT_HAS_EXPIRED", "connect-failed", "connecting"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "connect-failed", "connecting"],
    ["HPE_INVALID_HEADER_TOKEN", "bad-upstream-response", "sent"],
    ["UND_ERR_SOCKET", "upstream-reset", "sent"],
    [undefined, "upstream-reset", "sent"],
  ])("are classified by code alone: %s is %s", async (code, expected, progress) => {
    const rig = rigOf(() => Promise.reject(thrown(code)));
    expect(await codeOf(rig.send({ target: "/certificate" }))).toBe(expected);
    expect(rig.outcomes).toMatchObject([{ ending: "failed", progress, error: { code: expected } }]);
  });

  test("without an answer are tried once more where that can do no harm and the runtime doesn't", async () => {
    const failing: Answer = () => Promise.reject(thrown());
    let isDown = false;
    const answer: Answer = (call) => (isDown ? failing(call) : new Response());
    const rig = rigOf(answer, { repeatsUnanswered: true });
    await rig.send();
    isDown = true;
    expect(await codeOf(rig.send())).toBe("upstream-reset");
    expect(rig.calls).toHaveLength(3);
    expect(await codeOf(rig.send({ method: "DELETE" }))).toBe("upstream-reset");
    expect(rig.calls).toHaveLength(4);
    const fresh = rigOf(failing, { repeatsUnanswered: true });
    await codeOf(fresh.send());
    expect(fresh.calls).toHaveLength(1);
  });
});

describe("responses", () => {
  test.each([[199], [600]])("of status %i are none", async (status) => {
    const response = { status, headers: new Headers(), body: null } as Response;
    expect(await codeOf(rigOf(() => response).send())).toBe("bad-upstream-response");
  });

  test("lose what concerns one connection", async () => {
    const headers = {
      connection: "x-hop",
      "x-hop": "1",
      "keep-alive": "timeout=5",
      upgrade: "h2c",
      "x-a": "1",
    };
    const { fields } = await rigOf(() => new Response(null, { headers })).send();
    expect(fields).toEqual(["x-a", "1"]);
  });

  test("have no length that their framing takes back", async () => {
    const headers = { "transfer-encoding": "chunked", "content-length": "2" };
    expect((await rigOf(() => new Response("ok", { headers })).send()).body).toMatchObject({
      length: undefined,
    });
    const gzipped = { "transfer-encoding": "gzip, chunked" };
    expect(await codeOf(rigOf(() => new Response("ok", { headers: gzipped })).send())).toBe(
      "bad-upstream-response",
    );
  });

  test("of small size are whole when they are passed on, and their end is seen", async () => {
    const rig = rigOf(() => new Response("ok", { headers: { "content-length": "2" } }));
    expect((await rig.send()).body.kind).toBe("bytes");
    expect(rig.outcomes).toMatchObject([{ ending: "complete", progress: "done", bytesReceived: 2 }]);
    expect(rig.clock.pending).toBe(0);
  });

  test("whose pauses matter are read piece by piece", async () => {
    const rig = rigOf(() => new Response("ok", { headers: { "content-length": "2" } }));
    const reply = await rig.send({ timeouts: { idleMs: 100, eventStreamIdleMs: 100 } });
    expect(reply.body.kind).toBe("stream");
    expect(rig.outcomes).toEqual([]);
    expect(await textOf(reply.body)).toBe("ok");
    expect(rig.outcomes).toMatchObject([{ progress: "done" }]);
  });

  test("that stall in their small content are given up", async () => {
    const stalled = new ReadableStream<Uint8Array>();
    const rig = rigOf(({ init }) => {
      init.signal?.addEventListener("abort", () => {});
      return new Response(stalled, { headers: { "content-length": "2" } });
    });
    const code = codeOf(
      Promise.race([rig.send(), rig.clock.advance(20_001).then(() => new Promise(() => {}))]),
    );
    await rig.clock.advance(20_001);
    expect(rig.outcomes).toMatchObject([
      { ending: "failed", progress: "head", error: { code: "attempt-timeout" } },
    ]);
    void code;
  });
});

describe("bodies that are left to the runtime", () => {
  const passing = { passesThrough: true };

  test("are handed on, and the attempt is settled with the head", async () => {
    const response = new Response("content", { headers: { "content-length": "7" } });
    const { body } = response;
    const rig = rigOf(() => response, passing);
    expect((await rig.send()).body).toEqual({ kind: "native", length: 7, stream: body });
    expect(rig.outcomes).toMatchObject([{ ending: "complete", progress: "head", status: 200 }]);
    expect(rig.clock.pending).toBe(0);
  });

  test.each<[string, Partial<AttemptParts>, string]>([
    ["an idle limit", { timeouts: { idleMs: 1_000, eventStreamIdleMs: 1_000 } }, "text/plain"],
    ["a total limit", { endsAt: 60_000 }, "text/plain"],
    ["an event stream", {}, "text/event-stream"],
  ])("are watched all the same for %s", async (_, parts, type) => {
    const rig = rigOf(() => new Response("x", { headers: { "content-type": type } }), passing);
    const reply = await rig.send(parts);
    expect([reply.body.kind, rig.outcomes]).toEqual(["stream", []]);
    readerOf(reply.body).cancel();
    expect(rig.outcomes).toHaveLength(1);
  });

  test("of requests are relayed with their length, and their end sets the limit on the head in motion", async () => {
    const ended = Promise.withResolvers<void>();
    const rig = rigOf(() => new Promise(() => {}), {
      ...passing,
      sized: (stream) => ({ stream, ended: ended.promise }),
    });
    const stream = new Blob([new Uint8Array(100_000)]).stream();
    const code = codeOf(rig.send({ method: "POST", body: { kind: "native", length: 100_000, stream } }));
    await rig.clock.advance(20_000);
    expect(rig.outcomes).toEqual([]);
    ended.resolve();
    await rig.clock.advance(20_000);
    expect(await Promise.race([code, Promise.resolve("pending")])).toBe("pending");
    expect(rig.outcomes).toMatchObject([{ error: { code: "attempt-timeout" }, bytesSent: 100_000 }]);
  });
});
