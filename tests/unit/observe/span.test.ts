import { describe, expect, test } from "vitest";
import { createGateway } from "../../../handlers/gateway.ts";
import { memoryPlatform, type ScriptedUpstream } from "../../../runtimes/memory/mod.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { redaction } from "../../../src/observe/redaction.ts";
import type { Span } from "../../../src/observe/span.ts";
import { spanRecorder } from "../../../src/tracing.ts";

const SHOWN = redaction({ query: [], params: ["*"], headers: [] });
const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

interface Sent {
  readonly spans: readonly Span[];
  readonly seen: readonly Request[];
  readonly response: Response;
  readonly text: string;
}

const send = async (
  upstreams: Readonly<Record<string, ScriptedUpstream>>,
  request: RequestInit = {},
  traces: object = { sample: 1, trust: "always" },
): Promise<Sent> => {
  const spans: Span[] = [];
  const seen: Request[] = [];
  const watched = Object.entries(upstreams).map(([url, upstream]): [string, ScriptedUpstream] => [
    url,
    (asked, exchange) => {
      seen.push(asked);
      return upstream(asked, exchange);
    },
  ]);
  const platform = memoryPlatform({ upstreams: Object.fromEntries(watched), epochMs: 1_700_000_000_000 });
  const telemetry = spanRecorder(platform, SHOWN, (span) => void spans.push(span));
  const config = parseConfig({
    upstreams: { api: { endpoints: Object.keys(upstreams), balance: "round-robin", breaker: false } },
    routes: [{ name: "users", match: { path: "/users/:id" }, upstream: "api" }],
    telemetry: { traces },
  });
  const response = createGateway(config, { ...platform, telemetry }).request(
    "http://example.com/users/hunter2?token=s3cret&x=1",
    request,
  );
  await platform.clock.advance(500);
  const answered = await response;
  return { spans, seen, response: answered, text: await answered.text() };
};

const ok: ScriptedUpstream = () => new Response("ok");
const down: ScriptedUpstream = () => new Response("", { status: 503 });

describe("spans", () => {
  test("of a request and its attempts are one tree, whose attempts are siblings", async () => {
    let calls = 0;
    const first: ScriptedUpstream = () => {
      calls += 1;
      return new Response("", { status: calls === 1 ? 503 : 200 });
    };
    const { spans, seen } = await send(
      { "http://a": first, "http://b": first },
      { headers: { traceparent: PARENT } },
    );
    const server = spans.find(({ kind }) => kind === "server");
    const attempts = spans.filter(({ kind }) => kind === "client");
    expect(server).toMatchObject({
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      parentId: "00f067aa0ba902b7",
      name: "GET users",
      failure: undefined,
      attributes: {
        "http.request.method": "GET",
        "url.path": "/users/:id",
        "url.query": "token=***&x=1",
        "http.response.status_code": 200,
        "http.route": "/users/:id",
        "fairlead.route": "users",
        "fairlead.attempts": 2,
      },
    });
    expect(attempts).toHaveLength(2);
    expect(new Set(attempts.map(({ attributes }) => attributes["url.full"]))).toEqual(
      new Set(["http://a", "http://b"].map((origin) => `${origin}/users/:id?token=***&x=1`)),
    );
    expect(attempts.map(({ parentId }) => parentId)).toEqual([server?.spanId, server?.spanId]);
    expect(attempts.map(({ attributes }) => attributes["http.request.resend_count"])).toEqual([undefined, 1]);
    expect(attempts.map(({ attributes }) => attributes["fairlead.attempt.ending"])).toEqual([
      "discarded",
      "complete",
    ]);
    expect(attempts.map(({ failure }) => failure)).toEqual([expect.any(String), undefined]);
    expect(seen.map(({ headers }) => headers.get("traceparent"))).toEqual(
      attempts.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
    );
    expect(server?.startedAt).toBe(1_700_000_000_000);
  });

  test("hold no secret of a request", async () => {
    const { spans } = await send({ "http://a": ok });
    expect(JSON.stringify(spans)).not.toMatch(/hunter2|s3cret/);
  });

  test("are not made of requests that are not recorded, which still have a trace", async () => {
    const { spans, seen } = await send({ "http://a": ok }, {}, { sample: 0 });
    expect(spans).toEqual([]);
    expect(seen[0]?.headers.get("traceparent")).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
  });

  test("of an own failure tell the cause by its code", async () => {
    const { spans, response } = await send({
      "http://a": () => {
        throw new Error("connect to s3cret failed");
      },
    });
    expect(response.status).toBe(502);
    const server = spans.find(({ kind }) => kind === "server");
    expect(server?.attributes["error.type"]).toBe("upstream-reset");
    expect(server?.failure).toMatch(/./);
    expect((await send({ "http://a": down })).spans.at(-1)?.failure).toBe("");
    expect(JSON.stringify(spans)).not.toContain("s3cret");
  });
});

describe("trace context", () => {
  const context = { traceparent: PARENT, tracestate: "a=1", baggage: "user=7" };
  const passed = ({ seen }: Sent): (string | null)[] =>
    ["traceparent", "tracestate", "baggage"].map((name) => seen[0]?.headers.get(name) ?? null);

  test("passes through untouched where there are no traces", async () => {
    const spans: Span[] = [];
    const seen: Request[] = [];
    const platform = memoryPlatform({
      upstreams: {
        "http://a": (asked) => {
          seen.push(asked);
          return new Response("ok");
        },
      },
    });
    const config = parseConfig({ upstreams: { a: "http://a" } });
    await createGateway(config, platform).request("http://example.com/", { headers: context });
    expect(passed({ spans, seen, response: new Response(), text: "" })).toEqual([PARENT, "a=1", "user=7"]);
    expect(platform.reports[0]?.trace).toBeUndefined();
  });

  test("of a caller that is believed goes on, with its state", async () => {
    const [parent, state, baggage] = passed(await send({ "http://a": ok }, { headers: context }));
    expect(parent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[\da-f]{16}-01$/);
    expect([state, baggage]).toEqual(["a=1", "user=7"]);
  });

  test("of any other caller ends here, with its state", async () => {
    const sent = await send({ "http://a": ok }, { headers: context }, { sample: 1 });
    const [parent, state, baggage] = passed(sent);
    expect(parent).not.toContain("4bf92f3577b34da6a3ce929d0e0e4736");
    expect([state, baggage]).toEqual([null, "user=7"]);
  });

  test("has one id in response, problem and report", async () => {
    const { response, spans } = await send(
      { "http://a": ok },
      {},
      { sample: 1, responseHeader: "x-trace-id" },
    );
    expect(response.headers.get("x-trace-id")).toBe(spans[0]?.traceId);
    const lost: ScriptedUpstream = () => {
      throw new Error("lost");
    };
    const failed = await send({ "http://a": lost }, {}, { sample: 1, responseHeader: "x-trace-id" });
    expect(JSON.parse(failed.text)).toMatchObject({ traceId: failed.response.headers.get("x-trace-id") });
  });
});
