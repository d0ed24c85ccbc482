/** Reports of exchanges. */
import type { RequestHead } from "../../src/core/arrival.ts";
import type { AttemptTrace } from "../../src/core/exchange.ts";
import { type ProxyError, asProxyError } from "../../src/core/errors.ts";
import { endingOf } from "../../src/core/outcome.ts";
import type { ExchangeReport } from "../../src/core/telemetry.ts";
import { newFieldNotes } from "../../src/http/field-notes.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";
import { POOL } from "./endpoints.ts";

/** The head of `GET /`, or as `more` says. */
export const requestHead = (more: Partial<RequestHead> = {}): RequestHead => ({
  method: "GET",
  scheme: "http",
  target: "/",
  authority: undefined,
  version: "1.1",
  fields: [],
  notes: newFieldNotes(),
  refusal: undefined,
  ...more,
});

/** A request that was answered by an upstream; with an `error`, one that failed. */
export const exchangeReport = (more: Partial<ExchangeReport> = {}): ExchangeReport => {
  const { target = "/a" } = more;
  return {
    requestId: "id-1",
    method: "GET",
    target,
    routedTarget: target,
    head: requestHead({ target }),
    scheme: "http",
    host: "example.test",
    params: {},
    client: "192.0.2.1",
    route: "api",
    routePath: "/*",
    upstream: "main",
    endpoint: "http://10.0.0.1:3000",
    attempts: 1,
    isTunnel: false,
    trace: undefined,
    last: attemptTrace(),
    status: 200,
    error: undefined,
    bytesSent: 12,
    startedAt: 100,
    endedAt: 130.5,
    ...more,
  };
};

export interface AttemptParts {
  readonly url?: string;
  readonly status?: number;
  readonly error?: unknown;
  readonly previous?: AttemptTrace;
}

/** An attempt from 101 to 120, connected at 103; its head came at 115 where it has a status. */
export const attemptTrace = (
  { url = "http://10.0.0.1:3000", status, error, previous }: AttemptParts = { status: 200 },
): AttemptTrace => {
  const failure: ProxyError | undefined = error === undefined ? undefined : asProxyError(error);
  return {
    endpoint: createEndpoint({ upstream: "main", url, weight: 1, tls: undefined, pool: POOL }),
    previous,
    outcome: {
      ending: endingOf(failure),
      progress: failure === undefined ? "done" : "sent",
      status,
      error: failure,
      bytesSent: 5,
      bytesReceived: 12,
      reused: false,
      times: {
        startedAt: 101,
        connectedAt: 103,
        headAt: status === undefined ? undefined : 115,
        endedAt: 120,
      },
    },
  };
};
