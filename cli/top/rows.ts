/** A snapshot as rows of a table: routes, and upstreams with their endpoints; sorted and filtered. */
import type { EndpointSnapshot, Snapshot, Traffic, UpstreamSnapshot } from "../../handlers/snapshot.ts";
import { endpointKey, routeKey, upstreamKey } from "./snapshot.ts";

/** How something stands, for its colour. */
export type Tone = "good" | "warning" | "bad" | "plain";

export interface Row {
  readonly name: string;
  readonly state: string;
  readonly tone: Tone;
  readonly health: string;
  readonly breaker: string;
  readonly rate: number;
  /** Share of the recent requests that failed; undefined without requests. */
  readonly failed: number | undefined;
  /** Seconds. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
  readonly inFlight: number | undefined;
  readonly weight: number | undefined;
  /** Endpoints of an upstream. */
  readonly below: readonly Row[];
}

export const SORT_KEYS = ["config", "name", "requests", "failed", "p99", "in-flight"] as const;
/** `config`: in the order of the config. */
export type SortKey = (typeof SORT_KEYS)[number];

export interface RowOptions {
  readonly sort: SortKey;
  readonly isReversed: boolean;
  /** Part of a name, in whatever case; "" is all. */
  readonly filter: string;
}

type Rates = ReadonlyMap<string, number>;

const figures = (
  traffic: Traffic,
  rate: number | undefined,
): Pick<Row, "rate" | "failed" | "p50" | "p95" | "p99"> => {
  const { requests, failures, p50, p95, p99 } = traffic.recent;
  return {
    rate: rate ?? 0,
    failed: requests === 0 ? undefined : failures / requests,
    // JSON has null where a reader may expect nothing.
    p50: p50 ?? undefined,
    p95: p95 ?? undefined,
    p99: p99 ?? undefined,
  };
};

export const routeRows = ({ routes }: Snapshot, rates: Rates, options: RowOptions): readonly Row[] =>
  arranged(
    routes.map(({ name, traffic }) => ({
      name,
      state: "",
      tone: "plain",
      health: "",
      breaker: "",
      ...figures(traffic, rates.get(routeKey(name))),
      inFlight: undefined,
      weight: undefined,
      below: [],
    })),
    options,
  );

export const upstreamRows = ({ upstreams }: Snapshot, rates: Rates, options: RowOptions): readonly Row[] =>
  arranged(
    upstreams.map((upstream) => upstreamRow(upstream, rates)),
    options,
  );

const upstreamRow = ({ name, traffic, endpoints }: UpstreamSnapshot, rates: Rates): Row => {
  const available = endpoints.filter((each) => isAvailable(each)).length;
  return {
    name,
    state: `${available} of ${endpoints.length}`,
    tone: available === endpoints.length ? "good" : available === 0 ? "bad" : "warning",
    health: "",
    breaker: "",
    ...figures(traffic, rates.get(upstreamKey(name))),
    inFlight: endpoints.reduce((sum, { inFlight }) => sum + inFlight, 0),
    weight: undefined,
    below: endpoints.map((each) => endpointRow(name, each, rates)),
  };
};

const isAvailable = ({ drained, exclusion }: EndpointSnapshot): boolean =>
  !drained && (exclusion ?? undefined) === undefined;

const endpointRow = (upstream: string, endpoint: EndpointSnapshot, rates: Rates): Row => {
  const { address, drained, exclusion, health, breaker, inFlight, weight, traffic } = endpoint;
  const reason = drained ? "drained" : exclusion;
  return {
    name: address,
    state: reason?.replaceAll("-", " ") ?? "ok",
    tone: reason === undefined || reason === null ? "good" : reason === "drained" ? "warning" : "bad",
    health: health?.state ?? "",
    breaker: breaker?.state ?? "",
    ...figures(traffic, rates.get(endpointKey(upstream, address))),
    inFlight,
    weight: weight.effective,
    below: [],
  };
};

const VALUES: Readonly<Record<Exclude<SortKey, "config" | "name">, (row: Row) => number>> = {
  requests: ({ rate }) => rate,
  failed: ({ failed = -1 }) => failed,
  p99: ({ p99 = -1 }) => p99,
  "in-flight": ({ inFlight = -1 }) => inFlight,
};

/** Names go up, figures down; equal ones stay in the order of the config. */
const compare = (a: Row, b: Row, sort: SortKey): number => {
  if (sort === "config") return 0;
  if (sort === "name") return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  return VALUES[sort](b) - VALUES[sort](a);
};

const arranged = (rows: readonly Row[], options: RowOptions): readonly Row[] => {
  const kept = rows.flatMap((row) => filtered(row, options.filter.toLowerCase()));
  const sorted = kept.toSorted((a, b) => compare(a, b, options.sort));
  if (options.isReversed) sorted.reverse();
  return sorted.map((row) => ({ ...row, below: arranged(row.below, { ...options, filter: "" }) }));
};

/** An upstream whose own name fits keeps all of its endpoints. */
const filtered = (row: Row, filter: string): readonly Row[] => {
  if (row.name.toLowerCase().includes(filter)) return [row];
  const below = row.below.filter(({ name }) => name.toLowerCase().includes(filter));
  return below.length === 0 ? [] : [{ ...row, below }];
};
