/** Health pages and metrics: for load balancers, orchestrators and Prometheus. */
import { negotiate } from "../../src/http/accept.ts";
import type { Lifecycle } from "../../src/core/lifecycle.ts";
import type { Gateway } from "../../src/gateway.ts";
import type { Attributes } from "../../src/observe/attributes.ts";
import { scrapeOf } from "../../src/observe/exposition.ts";
import type { ProxyMetrics } from "../../src/observe/proxy-metrics.ts";
import type { AdminContext } from "./admin-env.ts";
import { type Operation, get } from "./operation.ts";

export interface HealthParts {
  readonly gateway: () => Gateway;
  readonly lifecycle: Lifecycle;
  /** Undefined where nothing is measured. */
  readonly metrics: ProxyMetrics | undefined;
  readonly resource: () => Attributes;
}

interface HealthDetail {
  readonly status: string;
  readonly upstreams?: Readonly<Record<string, UpstreamDetail>>;
}

interface UpstreamDetail {
  readonly endpoints: number;
  /** Of those, how many may be tried. */
  readonly available: number;
}

const WORD = "text/plain";

/** Of these two, anybody may have the status alone. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(["/livez", "/readyz"]);

export const healthOperations = (parts: HealthParts): readonly Operation[] => [
  get({
    path: "/livez",
    id: "getLiveness",
    about: "Whether the process answers: always `live`.",
    contentType: WORD,
    answers: { 200: { type: "string" } },
    run: async ({ c }) => healthPage(c, 200, { status: "live" }),
  }),
  get({
    path: "/readyz",
    id: "getReadiness",
    about: "`ready`, or 503 and `draining` from the moment a stop begins. As JSON it counts endpoints too.",
    contentType: WORD,
    answers: { 200: { type: "string" }, 503: { type: "string" } },
    async run({ c }) {
      const { draining } = parts.lifecycle;
      const status = draining ? "draining" : "ready";
      // Names of upstreams are not for everybody.
      const detail = c.var.actor === undefined ? {} : { upstreams: upstreamsOf(parts.gateway()) };
      return healthPage(c, draining ? 503 : 200, { status, ...detail });
    },
  }),
  ...metricsOperation(parts),
];

const metricsOperation = ({ metrics, resource }: HealthParts): readonly Operation[] =>
  metrics === undefined
    ? []
    : [
        get({
          path: "/metrics",
          id: "getMetrics",
          about: "Metrics for Prometheus: its text format, or OpenMetrics where that is asked for.",
          contentType: WORD,
          answers: { 200: { type: "string" } },
          async run({ c }) {
            const { text, contentType } = await scrapeOf(
              metrics.registry,
              c.req.header("accept"),
              resource(),
            );
            return c.body(text, 200, { "content-type": contentType });
          },
        }),
      ];

/** The status as a word, or all of it as JSON, by `Accept`. */
const healthPage = (c: AdminContext, status: 200 | 503, detail: HealthDetail): Response =>
  negotiate(c.req.header("accept"), [WORD, "application/json"]) === "application/json"
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
