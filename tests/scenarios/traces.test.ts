/** Traces and log records as a real collector gets them: one tree from client to origin, ids that agree, nothing lost but what is said. */
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { CANARY_LIMITS, CANARY_QUERY, LONG_CANARY } from "../support/canaries.ts";
import { linesOf } from "../support/log-lines.ts";
import { type CollectedSpan, RecordCollector } from "../support/record-collector.ts";
import { type Case, conformance, type Stage, type SuiteOptions } from "../support/suite.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const [SERVER, CLIENT] = [2, 3];
const PATIENCE_MS = 15_000;

let collector: RecordCollector | undefined;
const running = (): RecordCollector => {
  if (collector === undefined) throw new Error("no collector");
  return collector;
};

beforeAll(async () => {
  collector = await RecordCollector.start();
});
beforeEach(() => {
  const { spans, records, refusals } = running();
  for (const list of [spans, records, refusals]) list.length = 0;
  running().raw = "";
});
afterAll(() => collector?.stop());

/** All spans of a trace, once there are `count`. */
const spansOf = (traceId: string, count: number): Promise<CollectedSpan[]> =>
  running().until(
    () => {
      const found = running().spans.filter((span) => span.traceId === traceId);
      return found.length >= count ? found : undefined;
    },
    `${count} spans of ${traceId}`,
    PATIENCE_MS,
  );

const traceOf = (headers: string | undefined): { trace: string; span: string; flags: string } => {
  const [, trace = "", span = "", flags = ""] = (headers ?? "").split("-");
  return { trace, span, flags };
};

const configFor =
  (protocol: "http/json" | "http/protobuf"): SuiteOptions["config"] =>
  ([first, second = ""]) => ({
    listen: CANARY_LIMITS,
    upstreams: {
      main: { endpoints: first },
      secret: `${first}/CANARY-base`,
      pair: {
        endpoints: [
          { url: first, priority: 0 },
          { url: second, priority: 1 },
        ],
        breaker: false,
      },
    },
    routes: [
      { name: "pair", match: { path: "/pair/*" }, upstream: "pair" },
      {
        name: "secret",
        match: { path: "/secret/:token", headers: { authorization: "Bearer CANARY-match" } },
        upstream: "secret",
        rewrite: { path: "/hook/CANARY-path/${param.token}?key=CANARY-rewritten" },
        requestHeaders: { set: { "X-Api-Key": "CANARY-edit" } },
      },
      { name: "item", match: { path: "/items/:id" }, upstream: "main" },
    ],
    log: { access: { requests: "all", output: "stdout" }, otlp: true },
    telemetry: {
      serviceName: "edge",
      traces: { sample: 0, trust: "always", forceHeader: "x-trace", responseHeader: "x-trace-id" },
      otlp: { endpoint: running().url, protocol },
    },
  });

const lineWith = async (stage: Stage, traceId: string): Promise<Readonly<Record<string, unknown>>> => {
  await stage.proxy.child.printed(new RegExp(`"traceId":"${traceId}"`));
  const line = linesOf(stage.proxy.child.stdout, "request").find((each) => each["traceId"] === traceId);
  if (line === undefined) throw new Error("no line");
  return line;
};

const cases: Case[] = [
  {
    title: "trace from client through proxy to origin is one tree",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, "ok"));
      const { fields } = await stage.request("/items/hunter2?token=s3cret&x=1", {
        fields: [`traceparent: 00-${TRACE}-${SPAN}-01`, "tracestate: a=1", "baggage: user=7"],
      });
      const spans = await spansOf(TRACE, 2);
      const server = spans.find(({ kind }) => kind === SERVER);
      const client = spans.find(({ kind }) => kind === CLIENT);
      const asked = await stage.origin.request();
      const upstream = traceOf(asked.header("traceparent"));
      expect(server?.parentSpanId).toBe(SPAN);
      expect(client?.parentSpanId).toBe(server?.spanId);
      expect(upstream).toEqual({ trace: TRACE, span: client?.spanId, flags: "01" });
      expect([asked.header("tracestate"), asked.header("baggage")]).toEqual(["a=1", "user=7"]);
      expect(server).toMatchObject({
        name: "GET item",
        attributes: {
          "http.request.method": "GET",
          "url.path": "/items/:id",
          "url.query": "token=***&x=1",
          "http.response.status_code": 200,
          "http.route": "/items/:id",
          "fairlead.route": "item",
          "fairlead.request_id": fields.get("x-request-id"),
        },
      });
      expect(client?.attributes).toMatchObject({
        "server.address": "127.0.0.1",
        "server.port": Number(new URL(stage.origin.url).port),
        "url.full": `${stage.origin.url}/items/:id?token=***&x=1`,
        "fairlead.upstream": "main",
        "fairlead.attempt.ending": "complete",
      });
      expect(server?.startTimeUnixNano).toBeLessThanOrEqual(client?.startTimeUnixNano ?? 0);
      expect(running().resources.at(-1)).toMatchObject({ "service.name": "edge" });
      expect(running().raw).not.toMatch(/hunter2|s3cret/);
    },
  },
  {
    title: "retries are siblings",
    run: async (stage) => {
      stage.at(0).script((x) => x.respond(503, {}, "busy"));
      stage.at(1).script((x) => x.respond(200, {}, "ok"));
      const { fields } = await stage.request("/pair/x", { fields: ["X-Trace: 1"] });
      const traceId = fields.get("x-trace-id") ?? "";
      const spans = await spansOf(traceId, 3);
      const server = spans.find(({ kind }) => kind === SERVER);
      const attempts = spans
        .filter(({ kind }) => kind === CLIENT)
        .toSorted((a, b) => a.startTimeUnixNano - b.startTimeUnixNano);
      expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual([server?.spanId, server?.spanId]);
      expect(attempts.map(({ attributes }) => attributes["http.request.resend_count"])).toEqual([
        undefined,
        1,
      ]);
      expect(attempts.map(({ attributes }) => attributes["http.response.status_code"])).toEqual([503, 200]);
    },
  },
  {
    title: "ids of trace, response, problem, line and record agree",
    run: async (stage) => {
      stage.origin.script((x) => x.wire.reset());
      const { fields, text } = await stage.request("/items/7", {
        method: "POST",
        body: "x",
        fields: ["X-Trace: 1"],
      });
      const traceId = fields.get("x-trace-id") ?? "none";
      expect(JSON.parse(text)).toMatchObject({ traceId, requestId: fields.get("x-request-id") });
      expect(traceId).toBe(fields.get("x-request-id"));
      const server = (await spansOf(traceId, 2)).find(({ kind }) => kind === SERVER);
      expect(server?.status?.code).toBe(2);
      expect(server?.attributes["error.type"]).toBe((await lineWith(stage, traceId))["code"]);
      const record = await running().until(
        () => running().records.find((each) => each.traceId === traceId),
        "its log record",
        PATIENCE_MS,
      );
      expect(record).toMatchObject({
        spanId: server?.spanId,
        severityText: "error",
        eventName: "request",
        body: "502 POST /items/:id",
        attributes: { status: 502, requestId: fields.get("x-request-id"), target: "/items/:id" },
      });
    },
  },
  {
    title: "request that is not recorded has a trace upstream and in its line, and no spans",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, "ok"));
      const { fields } = await stage.request("/items/7");
      const traceId = fields.get("x-trace-id") ?? "";
      const { trace, flags } = traceOf((await stage.origin.request()).header("traceparent"));
      expect([trace, flags]).toEqual([traceId, "00"]);
      await lineWith(stage, traceId);
      const forced = await stage.request("/items/8", { fields: ["X-Trace: 1"] });
      await spansOf(forced.fields.get("x-trace-id") ?? "", 2);
      expect(running().spans.some((span) => span.traceId === traceId)).toBe(false);
    },
  },
  {
    title: "spans and records hold no secret of request, response or config, whatever fails",
    run: async (stage) => {
      const ids: string[] = [];
      for (const [param, answer] of [
        ["CANARY-param", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nSet-Cookie: a=CANARY-set\r\n\r\nCANARY"],
        ["x;sid=CANARY-param", "HTTP/1.1 200 OK\r\nX CANARY-name: CANARY-value\r\n\r\n"],
        [LONG_CANARY, "CANARY-garbage\r\n\r\n"],
      ] as const) {
        stage.origin.script((x) => x.send(answer));
        const { fields } = await stage.request(`/secret/${param}?${CANARY_QUERY}`, {
          method: "POST",
          body: "CANARY-body",
          fields: [
            "Authorization: Bearer CANARY-match",
            "Cookie: sid=CANARY-cookie",
            "Referer: http://user:CANARY-password@a.example/?token=CANARY-referer",
            "X-Trace: CANARY-force",
          ],
        });
        ids.push(fields.get("x-trace-id") ?? "");
      }
      for (const id of ids) await spansOf(id, 2);
      await running().until(
        () => (ids.every((id) => running().records.some(({ traceId }) => traceId === id)) ? true : undefined),
        "a record of each",
        PATIENCE_MS,
      );
      expect(running().raw).not.toContain("CANARY");
      expect(stage.proxy.child.stdout + stage.proxy.child.stderr).not.toContain("CANARY");
    },
  },
  {
    title: "malformed context begins a new trace",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, "ok"));
      await stage.request("/items/7", {
        fields: [`traceparent: 00-${TRACE}-${"0".repeat(16)}-01`, "tracestate: a=1"],
      });
      const asked = await stage.origin.request();
      expect(traceOf(asked.header("traceparent")).trace).not.toBe(TRACE);
      expect(asked.header("tracestate")).toBeUndefined();
    },
  },
  {
    title: "collector that refuses for a while gets everything once",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, "ok"));
      running().refusals.push(503, 503, 429);
      const ids: string[] = [];
      for (let i = 0; i < 20; i++) {
        const { fields } = await stage.request(`/items/${i}`, { fields: ["X-Trace: 1"] });
        ids.push(fields.get("x-trace-id") ?? "");
      }
      const counts = (): number[] =>
        ids.map((id) => running().spans.filter(({ traceId }) => traceId === id).length);
      // On Workers each request brings a push about.
      const all = async (): Promise<boolean> => {
        if (stage.runtime === "workerd") await stage.request("/none");
        return counts().every((count) => count >= 2);
      };
      await expect.poll(all, { timeout: PATIENCE_MS, interval: 300 }).toBe(true);
      // What would be sent twice comes before what is sent later.
      const { fields } = await stage.request("/items/later", { fields: ["X-Trace: 1"] });
      await expect
        .poll(
          async () => {
            if (stage.runtime === "workerd") await stage.request("/none");
            const later = fields.get("x-trace-id");
            return running().spans.filter(({ traceId }) => traceId === later).length;
          },
          { timeout: PATIENCE_MS, interval: 300 },
        )
        .toBe(2);
      expect(counts()).toEqual(ids.map(() => 2));
    },
  },
];

conformance("traces", { config: configFor("http/protobuf"), origins: 2, cases });
conformance("traces as JSON", { config: configFor("http/json"), origins: 2, cases: cases.slice(0, 3) });
