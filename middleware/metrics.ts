/** Metrics of a Hono app: counted, scraped, pushed. */
import type { Context, Handler, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { object, pick } from "../src/config/schema/object.ts";
import type { Schema } from "../src/config/schema/schema.ts";
import { metricsObject, telemetry } from "../src/config/settings/telemetry.ts";
import type { MetricsConfig, MetricsInput, TelemetryConfig, TelemetryInput } from "../src/config/types.ts";
import { ProxyError } from "../src/core/errors.ts";
import type { MetricPush } from "../src/metric-push.ts";
import { intervalOf, serviceResource, signalUrl } from "../src/observation.ts";
import type { Attributes } from "../src/observe/attributes.ts";
import { scrapeOf } from "../src/observe/exposition.ts";
import { ProxyMetrics } from "../src/observe/proxy-metrics.ts";
import type { RequestEnd } from "../src/observe/request-metrics.ts";
import { readOptions } from "./options.ts";
import { standardClock, standardPost, standardRandom } from "./web-standard.ts";

export interface MetricsOptions
  extends MetricsInput, Pick<TelemetryInput, "serviceName" | "resource" | "otlp"> {}

/** Middleware, and what was counted. */
export interface MetricsMiddleware extends MiddlewareHandler {
  /** Answers with all of it, as text for Prometheus: `app.get("/metrics", measured.scrape)`. */
  readonly scrape: Handler;
}

type Settings = MetricsConfig & Pick<TelemetryConfig, "serviceName" | "resource" | "otlp">;

const schema: Schema<Settings> = object("", {
  ...metricsObject.settings,
  ...pick(telemetry, "serviceName", "resource", "otlp"),
});

/**
 * Counts the requests of an app as a gateway counts its own: `http.server.request.duration` by method, status, error and route,
 * `http.server.request.body.size`, and where the runtime lets requests end by themselves `http.server.active_requests`. The
 * route (`http.route`) is the path that the handler was registered for. A duration ends with the response's head.
 *
 * With `otlp.endpoint` it pushes them to a collector: at intervals, or on Workers behind responses, with delta temporality.
 * Each call counts by itself: make one for an app. Register it first: what other middleware answers is counted too.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { metrics } from "fairlead";
 *
 * const app = new Hono();
 * const measured = metrics({ serviceName: "shop" });
 * app.use(measured);
 * app.get("/metrics", measured.scrape);
 * ```
 *
 * @throws TypeError naming the option that is wrong.
 */
export const metrics = (options: MetricsOptions = {}): MetricsMiddleware => {
  const settings = readOptions("metrics", options, schema, []);
  const counted = new AppMetrics(settings);
  const handle: MiddlewareHandler = async (c, next) => {
    const end = counted.began(c);
    try {
      await next();
    } finally {
      end();
    }
  };
  return Object.assign(handle, { scrape: (c: Context) => counted.scraped(c) });
};

/** State of one call of `metrics`. Uses no clock or randomness before the first request: Workers have none then. */
class AppMetrics {
  readonly #settings: Settings;
  /** Where metrics are pushed; undefined where they are not. */
  readonly #url: string | undefined;
  #metrics: ProxyMetrics | undefined;
  #resource: Attributes | undefined;
  #push: Promise<MetricPush> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#url = signalUrl(settings.url, settings.otlp, "metrics");
  }

  /** @returns what to call when the response's head is there. */
  began(c: Context): () => void {
    const background = backgroundOf(c);
    const { telemetry: counted, seesEnds } = this.#measured(background === undefined);
    const startedAt = standardClock.now();
    const head = headOf(c);
    counted.exchangeBegan(head);
    if (this.#url !== undefined) this.#pushBehind(background, seesEnds, this.#url);
    return () => {
      counted.exchangeEnded({ ...endOf(c), head, startedAt, endedAt: standardClock.now() });
    };
  }

  async scraped(c: Context): Promise<Response> {
    const { registry } = this.#measured(backgroundOf(c) === undefined);
    const { text, contentType } = await scrapeOf(registry, c.req.header("accept"), this.#reporter());
    return c.body(text, 200, { "content-type": contentType, "cache-control": "no-store" });
  }

  #measured(seesEnds: boolean): ProxyMetrics {
    const { maxSeries, durationBounds } = this.#settings;
    return (this.#metrics ??= new ProxyMetrics({
      epoch: () => standardClock.epoch(),
      maxSeries,
      durationBounds,
      seesEnds,
    }));
  }

  #reporter(): Attributes {
    return (this.#resource ??= serviceResource(this.#settings, standardRandom.id()));
  }

  #pushBehind(background: Background | undefined, isBackground: boolean, url: string): void {
    if (background === undefined && this.#push !== undefined) return;
    this.#push ??= this.#loadPush(isBackground, url);
    const working = this.#push.then((push) => (background === undefined ? push.start() : push.runDue()));
    background?.(working);
  }

  async #loadPush(isBackground: boolean, url: string): Promise<MetricPush> {
    const { MetricPush: Push } = await import("../src/metric-push.ts");
    const { otlp, temporality } = this.#settings;
    return new Push({
      metrics: this.#measured(isBackground),
      resource: this.#reporter(),
      url,
      otlp,
      intervalMs: intervalOf(otlp, isBackground),
      temporality: isBackground ? (temporality ?? "cumulative") : "delta",
      clock: standardClock,
      random: standardRandom,
      send: standardPost,
      isBackground,
    });
  }
}

type Background = (work: Promise<void>) => void;

/** Keeps work alive after a response; undefined where nothing has to. */
const backgroundOf = (c: Context): Background | undefined => {
  try {
    const { executionCtx } = c;
    return (work) => executionCtx.waitUntil(work);
  } catch {
    return undefined;
  }
};

/** Only what is counted by: reading all fields would cost more than counting does. */
const headOf = (c: Context): RequestEnd["head"] => {
  const length = c.req.header("content-length");
  return {
    method: c.req.method,
    scheme: c.req.url.startsWith("https:") ? "https" : "http",
    version: undefined,
    notes: { contentLength: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined },
  };
};

/** Hono has made an answer of what was thrown, unless it was no `Error`. */
const endOf = (
  c: Context,
): Pick<RequestEnd, "route" | "routePath" | "status" | "error" | "isTunnel" | "bytesSent"> => {
  const { status } = c.res;
  const thrown = c.error;
  const length = c.res.headers.get("content-length");
  return {
    // That of the handler which ran last: others that match may stand behind it.
    routePath: routePath(c),
    route: undefined,
    status,
    error: thrown instanceof ProxyError ? thrown : undefined,
    isTunnel: status === SWITCHING_PROTOCOLS,
    bytesSent: length === null ? undefined : Number(length),
  };
};

const SWITCHING_PROTOCOLS = 101;
