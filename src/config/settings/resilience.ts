/** What an upstream does about failure. */
import { listOf } from "../schema/collections.ts";
import { formOf, orOff, orWord, shortFor } from "../schema/forms.ts";
import { atLeastOne, onlyWith } from "../schema/key-rules.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, named, object, optional } from "../schema/object.ts";
import { REQUEST_TARGET } from "../schema/patterns.ts";
import type { Schema } from "../schema/schema.ts";
import { duration, flag, like, nonEmpty, positiveDuration, ratio, size, whole } from "../schema/values.ts";
import type { BudgetConfig } from "../types.ts";
import { hostPolicy } from "./addresses.ts";

const targetPath = like('a path such as "/healthz"', REQUEST_TARGET);

const statuses = listOf(
  'a list of statuses such as [200, "3xx"]',
  formOf<number | string>('a status such as 200 or "2xx"', [
    whole(100, 599, "a status"),
    like('a status such as 200 or "2xx"', "^[1-5]xx$"),
  ]),
  1,
);

const ONLY_HTTP = onlyWith(
  ["path", "host", "statuses", "body"],
  { key: "check", among: ["http"], notAmong: ["tcp"], byDefault: true },
  'has no effect with `check: "tcp"`',
);

export const health: Schema = shortFor(
  "a path, or an object",
  "path",
  targetPath,
  object(named("HealthConfig", { rules: [ONLY_HTTP] }), {
    check: defaulted(oneOf("http", "tcp"), "http", '"http" asks for `path`; "tcp" opens a connection.', {
      needs: (written) => (written === "tcp" ? ["tcp-check"] : []),
    }),
    path: defaulted(targetPath, "/", "Path and query to ask for."),
    host: optional(hostPolicy, "Value of Host. The endpoint's own unless set."),
    statuses: defaulted(statuses, ["2xx"], "Statuses that pass. Redirects are not followed."),
    body: optional(nonEmpty("a text"), "Text that the first 64 KiB of the body must hold."),
    interval: defaulted(positiveDuration, "10s", "Time between checks, ± 10 %."),
    fastInterval: defaulted(positiveDuration, "2s", "The same while an endpoint is down or changing."),
    timeout: defaulted(positiveDuration, "2s", "Time that a check may take."),
    failures: defaulted(whole(1, 100), 3, "Failures in a row that take an endpoint out."),
    successes: defaulted(whole(1, 100), 2, "Successes in a row that bring it back."),
  }),
);

export const ejection: Schema = orOff(
  "false or an object",
  object("EjectionConfig", {
    interval: defaulted(positiveDuration, "10s", "How often success rates are compared."),
    requests: defaulted(
      whole(1, 1_000_000),
      100,
      "Requests in an interval before an endpoint's rate counts.",
    ),
    endpoints: defaulted(whole(2, 10_000), 5, "Endpoints with a rate before rates are compared."),
    deviations: defaulted(ratio(0.1, 10), 1.9, "Standard deviations below the mean that make an outlier."),
    duration: defaulted(duration, "30s", "The first ejection; the n-th in a row lasts n times as long."),
    maxDuration: defaulted(duration, "5m", "The longest ejection."),
    maxShare: defaulted(ratio(0, 1), 0.5, "Share of the endpoints that may be ejected at once."),
  }),
);

/** The long form, which is never false. */
export const breakerObject: Schema = object("BreakerConfig", {
  failures: defaulted(whole(1, 10_000), 5, "Failures in a row that open it."),
  rate: defaulted(ratio(0.01, 1), 0.5, "Share of failures within ten seconds that opens it."),
  requests: defaulted(whole(1, 1_000_000), 20, "Results within ten seconds before the share counts."),
  open: defaulted(positiveDuration, "5s", "The first open time; doubles with each reopening, ± 20 %."),
  maxOpen: defaulted(duration, "5m", "The longest open time."),
  probes: defaulted(whole(1, 1_000), 3, "Requests at once while half-open."),
  successes: defaulted(whole(1, 1_000), 3, "Successes that close it."),
  internalError: defaulted(flag, false, "Count status 500 as a failure, as 502, 503 and 504 are."),
});

export const breaker: Schema = orOff("false or an object", breakerObject);

const budget = (share: number, perSecond: number): Schema<BudgetConfig> =>
  object("BudgetConfig", {
    share: defaulted(ratio(0, 1), share, "Share of the requests of the last ten seconds."),
    perSecond: defaulted(whole(0, 100_000), perSecond, "So many a second besides."),
  });

export const retry: Schema = orOff(
  "false or an object",
  object("RetryConfig", {
    attempts: defaulted(whole(0, 10), 1, "Attempts after the first, on other endpoints where there are any."),
    codes: defaulted(
      listOf("a list of statuses", whole(400, 599, "a status")),
      [502, 503, 504],
      "Statuses of responses that are given up for another attempt.",
    ),
    bodyBytes: defaulted(size(0), "64KiB", "Requests with more content are not repeated once it was sent."),
    idempotencyKey: defaulted(flag, false, "Repeat any method where the request has an Idempotency-Key."),
    budget: defaulted(budget(0.2, 10), {}, "Most retries of the upstream."),
  }),
);

export const hedge: Schema = object("HedgeConfig", {
  minDelay: defaulted(duration, "50ms", "A copy is sent no sooner than this."),
  maxDelay: defaulted(duration, "2s", "And no later; between the two, when 95 % of requests are answered."),
  share: defaulted(ratio(0, 1), 0.05, "Most copies, as a share of requests."),
});

const LIMITS_SOMETHING = atLeastOne(
  ["limit", "perEndpoint"],
  "limits nothing; expected limit or perEndpoint",
);

export const concurrency: Schema = object(named("ConcurrencyConfig", { rules: [LIMITS_SOMETHING] }), {
  limit: optional(
    orWord(whole(1, 1_000_000), "adaptive", "adaptive"),
    'Attempts in progress at the upstream; "adaptive" follows latency.',
  ),
  queue: defaulted(whole(0, 1_000_000), 64, "Requests that may wait for room; what comes then gets a 503.", {
    needs: (written) => (written === 0 ? [] : ["background"]),
  }),
  queueTimeout: defaulted(duration, "1s", "Longest wait."),
  perEndpoint: optional(whole(1, 1_000_000), "Attempts in progress at one endpoint."),
});
