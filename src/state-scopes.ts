/**
 * What the proxy remembers from one request to the next, and who shares it where several threads answer (`threads`). With one thread,
 * and in an isolate on Workers, both scopes are the same.
 */

/** `thread`: each has its own. `process`: one for all threads. */
export type StateScope = "thread" | "process";

export interface StateKind {
  /** In words of users. */
  readonly about: string;
  readonly scope: StateScope;
  /** What that means. */
  readonly note: string;
}

export const STATE_SCOPES: Readonly<
  Record<
    | "plan"
    | "metrics"
    | "health"
    | "discovery"
    | "clientConnections"
    | "concurrencyCap"
    | "perEndpoint"
    | "poolSize"
    | "idleConnections"
    | "load"
    | "breaker"
    | "ejection"
    | "retryBudget"
    | "adaptiveCap"
    | "linesPerSecond"
    | "byHand"
    | "middleware",
    StateKind
  >
> = {
  plan: {
    about: "config in effect",
    scope: "process",
    note: "a reload is prepared on all threads, then put into effect on all",
  },
  metrics: { about: "metrics", scope: "process", note: "counted in shared memory, exactly" },
  health: {
    about: "active health checks",
    scope: "process",
    note: "made once, by the thread that answers no requests; all others get the results",
  },
  discovery: { about: "discovered endpoints", scope: "process", note: "found once, as with checks" },
  clientConnections: {
    about: "`listen.limits.connections`, `connectionsPerClient`",
    scope: "process",
    note: "hold exactly",
  },
  concurrencyCap: {
    about: "`concurrency.limit` (a number), `queue`",
    scope: "process",
    note: "hold exactly; each thread may always use its share, and more while no other thread waits",
  },
  perEndpoint: { about: "`concurrency.perEndpoint`", scope: "process", note: "holds exactly" },
  poolSize: {
    about: "`pool.connections`",
    scope: "process",
    note: "divided: each thread gets its part, so it must be at least the number of threads; checks take one more",
  },
  idleConnections: {
    about: "kept upstream connections, `pool.idle`",
    scope: "thread",
    note: "each thread keeps connections of its own, up to `pool.idle`",
  },
  load: {
    about: "load and latency of endpoints",
    scope: "thread",
    note: "a balancer goes by its own thread's requests, which are a fair sample; so is a round robin's turn",
  },
  breaker: {
    about: "circuit breakers",
    scope: "thread",
    note: "each thread finds out by itself, after as many failures of its own",
  },
  ejection: {
    about: "outlier ejection",
    scope: "thread",
    note: "success rates of the thread's own requests",
  },
  retryBudget: {
    about: "retry and hedge budgets",
    scope: "thread",
    note: "a share of the thread's requests; `perSecond` is divided",
  },
  adaptiveCap: {
    about: "`concurrency.limit: adaptive`",
    scope: "thread",
    note: "each thread follows the latency that it sees",
  },
  linesPerSecond: { about: "`log.access.perSecond`", scope: "process", note: "divided" },
  byHand: {
    about: "changes by hand (admin API), log levels",
    scope: "process",
    note: "made in all threads, and in those that begin later",
  },
  middleware: {
    about: "variables of your middleware's modules",
    scope: "thread",
    note: "each thread imports the config's module itself: a counter in it counts one thread's requests",
  },
};
