/** A request's line, and what traces cost a request that is not recorded. */
import { seededRandom } from "../../runtimes/memory/random.ts";
import { newFieldNotes } from "../../src/http/field-notes.ts";
import type { ExchangeReport } from "../../src/core/telemetry.ts";
import { type AccessFormat, accessLine } from "../../src/observe/access-line.ts";
import { beginTrace } from "../../src/observe/begin-trace.ts";
import { redaction } from "../../src/observe/redaction.ts";
import { LineBuffer } from "../../src/core/line-buffer.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";
import type { Suite } from "./suite.ts";

const FIELDS = ["Host", "127.0.0.1:8080", "User-Agent", "wrk", "Accept", "*/*", "Accept-Encoding", "gzip"];
const ID = "0123456789abcdef0123456789abcdef";

const report: ExchangeReport = {
  requestId: ID,
  method: "GET",
  target: "/1k?x=1",
  routedTarget: "/1k?x=1",
  head: {
    method: "GET",
    scheme: "http",
    target: "/1k?x=1",
    authority: undefined,
    version: "1.1",
    fields: FIELDS,
    notes: newFieldNotes(),
    refusal: undefined,
  },
  scheme: "http",
  host: "127.0.0.1:8080",
  params: {},
  client: "127.0.0.1",
  route: "route 1",
  routePath: "/*",
  upstream: "origin",
  endpoint: "http://127.0.0.1:3000",
  attempts: 1,
  isTunnel: false,
  trace: undefined,
  last: {
    endpoint: createEndpoint({
      upstream: "origin",
      url: "http://127.0.0.1:3000",
      weight: 1,
      tls: undefined,
      pool: { connections: 8, idle: 8, keepAliveMs: 4_000 },
    }),
    previous: undefined,
    outcome: {
      ending: "complete",
      progress: "done",
      status: 200,
      error: undefined,
      bytesSent: 0,
      bytesReceived: 1_024,
      reused: true,
      times: { startedAt: 100.1, connectedAt: 100.2, headAt: 101.3, endedAt: 101.4 },
    },
  },
  status: 200,
  error: undefined,
  bytesSent: 1_024,
  startedAt: 100,
  endedAt: 101.5,
};

const lines = (format: AccessFormat): (() => number) => {
  const line = accessLine({
    format,
    redaction: redaction({ query: [], params: ["*"], headers: [] }),
    headers: [],
  });
  const buffer = new LineBuffer();
  return () => {
    line(buffer.begin(), report, 1_700_000_000_000);
    return buffer.length;
  };
};

export const suites = (): Suite[] => {
  const begin = beginTrace(
    { sample: 0.01, trust: "trusted", parentBased: true, forceHeader: undefined },
    seededRandom(1),
  );
  return [
    {
      title: "access log",
      benches: {
        "line as JSON": lines("json"),
        "line as text": lines("text"),
        "line as combined": lines("combined"),
      },
    },
    {
      title: "traces",
      benches: {
        "place in a trace": () => begin(FIELDS, { id: ID, isTrusted: false }),
      },
    },
  ];
};
