/** The app for operators and their tools: /livez, /readyz, /metrics, /log/levels. */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { ProxyError } from "../src/core/errors.ts";
import type { Lifecycle } from "../src/core/lifecycle.ts";
import type { Gateway } from "../src/gateway.ts";
import { negotiate } from "../src/http/accept.ts";
import type { Attributes } from "../src/observe/attributes.ts";
import { type EventLog, LOG_THRESHOLDS, type LogThreshold } from "../src/observe/event-log.ts";
import { scrapeOf } from "../src/observe/exposition.ts";
import type { ProxyMetrics } from "../src/observe/proxy-metrics.ts";
import { problemFor } from "../middleware/error-boundary.ts";

export interface AdminParts {
  readonly gateway: () => Gateway;
  readonly lifecycle: Lifecycle;
  /** Undefined where nothing is measured. */
  readonly metrics: ProxyMetrics | undefined;
  readonly resource: () => Attributes;
  /** What `Authorization: Bearer` has to carry; undefined admits everybody. */
  readonly token: string | undefined;
  /** Whether /livez and /readyz answer without the token. */
  readonly hasOpenHealth: boolean;
}

/** Serves these below `prefix`, "" for the root. Answers other paths with 404, and requests without the token with 401. */
export const adminApp = (parts: AdminParts, prefix = ""): Hono => {
  const { token, hasOpenHealth, metrics, lifecycle } = parts;
  const app = new Hono();
  app.onError((error, c) => problemFor(c, error));
  app.notFound((c) => problemFor(c, new ProxyError("no-route")));
  app.use(neverStored);
  const livez = (c: Context): Response => healthPage(c, 200, { status: "live" });
  const readyz = (c: Context): Response => {
    const { draining } = lifecycle;
    const status = draining ? "draining" : "ready";
    return healthPage(c, draining ? 503 : 200, { status, upstreams: upstreamsOf(parts.gateway()) });
  };
  if (hasOpenHealth) app.get(`${prefix}/livez`, livez).get(`${prefix}/readyz`, readyz);
  if (token !== undefined) app.use(requireToken(token));
  app.get(`${prefix}/livez`, livez).get(`${prefix}/readyz`, readyz);
  if (metrics !== undefined) app.get(`${prefix}/metrics`, (c) => metricsPage(c, metrics, parts.resource()));
  app.put(`${prefix}/log/levels/:category{[a-z.]+}`, async (c) => setLevel(c, parts.gateway().events));
  return app;
};

/** The body is the level. `all` is every category that has no level of its own. */
const setLevel = async (c: Context, events: EventLog): Promise<Response> => {
  const level = (await c.req.text()).trim();
  if (!isThreshold(level)) return c.text(`a level is one of ${LOG_THRESHOLDS.join(", ")}\n`, 400);
  const category = c.req.param("category") ?? "";
  events.setLevel(category === "all" ? "" : category, level);
  return c.body(null, 204);
};

const isThreshold = (text: string): text is LogThreshold =>
  LOG_THRESHOLDS.some((threshold) => threshold === text);

const neverStored: MiddlewareHandler = async (c, next) => {
  await next();
  c.header("cache-control", "no-store");
};

const UNAUTHORIZED = { "www-authenticate": 'Bearer realm="fairlead"' };

const requireToken =
  (token: string): MiddlewareHandler =>
  async (c, next) => {
    const [, given = ""] = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
    if (isEqual(given, token)) return next();
    return c.text("the admin token is missing or wrong\n", 401, UNAUTHORIZED);
  };

/** Takes the same time at whatever character the two differ. */
const isEqual = (given: string, token: string): boolean => {
  let difference = given.length ^ token.length;
  for (let i = 0; i < token.length; i += 1)
    difference |= given.charCodeAt(i % given.length) ^ token.charCodeAt(i);
  return difference === 0;
};

interface HealthDetail {
  readonly status: string;
  readonly upstreams?: Readonly<Record<string, UpstreamDetail>>;
}

interface UpstreamDetail {
  readonly endpoints: number;
  /** Of those, how many may be tried. */
  readonly available: number;
}

/** The status as a word, or all of it as JSON, by `Accept`. */
const healthPage = (c: Context, status: 200 | 503, detail: HealthDetail): Response =>
  negotiate(c.req.header("accept"), ["text/plain", "application/json"]) === "application/json"
    ? c.json(detail, status)
    : c.text(`${detail.status}\n`, status);

const upstreamsOf = ({ plan }: Gateway): Record<string, UpstreamDetail> =>
  Object.fromEntries(
    Array.from(plan.upstreams.values(), (upstream) => {
      const standing = upstream.standing();
      const available = standing.filter(({ exclusion }) => exclusion === undefined).length;
      return [upstream.name, { endpoints: standing.length, available }];
    }),
  );

const metricsPage = async (
  c: Context,
  { registry }: ProxyMetrics,
  resource: Attributes,
): Promise<Response> => {
  const { text, contentType } = await scrapeOf(registry, c.req.header("accept"), resource);
  return c.body(text, 200, { "content-type": contentType });
};
