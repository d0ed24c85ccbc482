/** Three origins under steady load; one of them fails in one way after the other, and comes back. */
import { FAULTS, type Fault, FaultyOrigin } from "./faulty-origin.ts";
import { type Ending, SteadyLoad } from "./steady-load.ts";

export interface Phases {
  /** Between two requests to a proxy. */
  readonly everyMs: number;
  readonly faultMs: number;
  /** From the fault's end until the next one. */
  readonly recoveryMs: number;
}

export interface FaultReport {
  readonly fault: Fault;
  /** GET requests sent from the fault's beginning until the next one. */
  readonly requests: number;
  /** GET requests that got no response of an origin: an error of the proxy, or nothing. */
  readonly failed: number;
  /** Of those the ones that were sent later than a second into the fault. */
  readonly failedLate: number;
  /** Responses that broke off after their head, visibly. */
  readonly cut: number;
  /** Longest wait for a whole response. */
  readonly slowestMs: number;
  /** From the fault's end until the origin had half of its share of the answers; undefined where it never did. */
  readonly recoveredMs: number | undefined;
}

export interface FaultsResult {
  readonly reports: readonly FaultReport[];
  readonly requests: number;
  readonly failed: number;
  /** Responses that were complete for the client and not what the origin sent. */
  readonly wrong: number;
  /** POST requests that an origin, or two, got more than once. */
  readonly repeatedPosts: readonly string[];
}

const SETTLE_MS = 1_000;
const LATE_MS = 1_000;
const STEP_MS = 250;
/** Of a third. */
const ENOUGH = 1 / 6;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Three that run. */
export const startOrigins = async (): Promise<readonly FaultyOrigin[]> => {
  const origins = ["a", "b", "c"].map((name) => new FaultyOrigin(name));
  await Promise.all(origins.map((origin) => origin.start()));
  return origins;
};

/** A proxy in front of the origins. */
export interface Subject {
  readonly name: string;
  readonly port: number;
}

/**
 * Runs all faults, with a load on each of the proxies, which are all in front of the same `origins`: what they meet is the same,
 * at the same time.
 */
export const runFaults = async (
  subjects: readonly Subject[],
  origins: readonly FaultyOrigin[],
  phases: Phases,
): Promise<readonly FaultsResult[]> => {
  const [victim] = origins;
  if (victim === undefined) throw new RangeError("no origin");
  const loads = subjects.map((subject) => new SteadyLoad({ ...subject, everyMs: phases.everyMs }));
  for (const load of loads) load.start();
  await sleep(SETTLE_MS);
  const spans: Span[] = [];
  for (const fault of FAULTS) {
    const from = performance.now();
    await victim.begin(fault);
    await sleep(phases.faultMs);
    await victim.end(fault);
    const until = performance.now();
    await sleep(phases.recoveryMs);
    spans.push({ fault, from, until, next: performance.now() });
  }
  await Promise.all(loads.map((load) => load.stop()));
  const twice = repeated(origins.flatMap(({ posts }) => posts));
  return loads.map(({ endings, name }) => ({
    reports: spans.map((span) => reportOf(span, endings, victim.name)),
    requests: endings.filter(({ method }) => method === "GET").length,
    failed: endings.filter((ending) => ending.method === "GET" && isFailed(ending)).length,
    wrong: endings.filter(({ kind }) => kind === "wrong").length,
    repeatedPosts: twice.filter((id) => id.startsWith(`${name}-`)),
  }));
};

/** One fault: its beginning, its end, and when the next one begins. */
interface Span {
  readonly fault: Fault;
  readonly from: number;
  readonly until: number;
  readonly next: number;
}

const reportOf = (
  { fault, from, until, next }: Span,
  endings: readonly Ending[],
  victim: string,
): FaultReport => {
  const own = endings.filter(({ at, method }) => method === "GET" && at >= from && at < next);
  const failed = own.filter(isFailed);
  return {
    fault,
    requests: own.length,
    failed: failed.length,
    failedLate: failed.filter(({ at }) => at > from + LATE_MS).length,
    cut: own.filter(({ kind }) => kind === "cut").length,
    slowestMs: Math.max(0, ...own.map(({ tookMs }) => tookMs)),
    recoveredMs: recovery(own, victim, until, next),
  };
};

const isFailed = ({ kind }: Ending): boolean => kind === "refused" || kind === "no head";

const recovery = (
  endings: readonly Ending[],
  name: string,
  from: number,
  until: number,
): number | undefined => {
  for (let start = from; start + STEP_MS <= until; start += STEP_MS) {
    const step = endings.filter(({ at }) => at >= start && at < start + STEP_MS);
    const share = step.filter(({ kind, origin }) => kind === "whole" && origin === name).length / step.length;
    if (share >= ENOUGH) return start + STEP_MS - from;
  }
  return undefined;
};

const repeated = (ids: readonly string[]): readonly string[] => {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const id of ids) (seen.has(id) ? twice : seen).add(id);
  return [...twice];
};
