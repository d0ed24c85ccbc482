/** Three origins under steady load; one of them fails in one way after the other, and comes back. */
import { RECOVERY_MS } from "./config.ts";
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
  /** Responses that broke off after their head, visibly, in this time. */
  readonly cut: number;
  /** Longest wait for a whole response. */
  readonly slowestMs: number;
  /** From the fault's end until the origin had half of its share of the answers; undefined where it never did. */
  readonly recoveredMs: number | undefined;
  /** Most that `recoveredMs` may be: `RECOVERY_MS`, the precision of the measurement, and the longest pause of this process. */
  readonly boundMs: number;
}

export interface FaultsResult {
  readonly reports: readonly FaultReport[];
  readonly requests: number;
  readonly failed: number;
  /** Responses that were complete for the client and not what the origin sent. */
  readonly wrong: number;
  /** POST requests that an origin, or two, got more than once. */
  readonly repeatedPosts: readonly string[];
  /** GET requests that broke off behind a head, and that an origin, or two, got more than once. */
  readonly repeatedCuts: readonly string[];
  /** Of a large POST to an origin that does not read it. */
  readonly upload: Ending | undefined;
  /** Whether another origin got it. */
  readonly isUploadRepeated: boolean;
}

const SETTLE_MS = 1_000;
const LATE_MS = 1_000;
const STEP_MS = 250;
/** A step earlier or later; and the proxies, the origins and the load share a few cores. */
const MARGIN_MS = STEP_MS + 500;
/** Half of the share of one in three origins. */
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
    const uploads = fault === "accepts and never reads" ? loads.map((load) => load.upload()) : [];
    // Uploads are given up by the proxies, not by the end of the fault.
    await Promise.all([sleep(phases.faultMs), ...uploads]);
    await victim.end(fault);
    const until = performance.now();
    const lateness = new Lateness();
    await sleep(phases.recoveryMs);
    spans.push({ fault, from, until, next: performance.now(), lateMs: lateness.end() });
  }
  await Promise.all(loads.map((load) => load.stop()));
  const posts = origins.flatMap((origin) => origin.received("POST"));
  const postsTwice = repeated(posts);
  const getsTwice = new Set(repeated(origins.flatMap((origin) => origin.received("GET"))));
  return loads.map(({ endings, uploads, name }) => ({
    reports: spans.map((span) => reportOf(span, endings, victim.name)),
    requests: endings.filter(({ method }) => method === "GET").length,
    failed: endings.filter((ending) => ending.method === "GET" && isFailed(ending)).length,
    wrong: endings.filter(({ kind }) => kind === "wrong").length,
    repeatedPosts: postsTwice.filter((id) => id.startsWith(`${name}-`)),
    repeatedCuts: endings.filter(({ id, kind }) => kind === "cut" && getsTwice.has(id)).map(({ id }) => id),
    upload: uploads[0],
    isUploadRepeated: uploads.some(({ id }) => posts.includes(id)),
  }));
};

/** One fault: its beginning, its end, and when the next one begins. */
interface Span {
  readonly fault: Fault;
  readonly from: number;
  readonly until: number;
  readonly next: number;
  /** Longest pause of this process while the origin came back. */
  readonly lateMs: number;
}

/** Measures the longest delay of a timer, which is the longest pause of this process. */
class Lateness {
  #last = performance.now();
  #most = 0;
  readonly #timer = setInterval(() => this.#look(), LATENESS_STEP_MS);

  end(): number {
    this.#look();
    clearInterval(this.#timer);
    return this.#most;
  }

  #look(): void {
    const now = performance.now();
    this.#most = Math.max(this.#most, now - this.#last - LATENESS_STEP_MS);
    this.#last = now;
  }
}

const LATENESS_STEP_MS = 20;

const reportOf = (
  { fault, from, until, next, lateMs }: Span,
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
    cut: endings.filter((ending) => isCutWithin(ending, from, next)).length,
    slowestMs: Math.max(0, ...own.map(({ tookMs }) => tookMs)),
    recoveredMs: recovery(own, victim, until, next),
    boundMs: RECOVERY_MS + MARGIN_MS + lateMs,
  };
};

/** By its end: a request that began just before a fault may be cut by it. */
const isCutWithin = ({ kind, method, at, tookMs }: Ending, from: number, until: number): boolean =>
  kind === "cut" && method === "GET" && at + tookMs >= from && at + tookMs < until;

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
