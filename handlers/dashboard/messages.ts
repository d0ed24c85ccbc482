/** Events for the dashboard's page, from snapshots: one with everything, then what changes. */
import { ERROR_KINDS } from "../../src/core/errors.ts";
import type { FailureEntry } from "../control.ts";
import type { Snapshot, Traffic, UpstreamSnapshot } from "../snapshot.ts";
import type {
  Activity,
  CauseInfo,
  EndpointRow,
  FullMessage,
  Overview,
  RouteSummary,
  Sample,
  TickMessage,
  TrafficSummary,
  UpstreamSummary,
} from "./wire.ts";

/** What is kept for pages that open later. */
export interface History {
  readonly samples: readonly Sample[];
  readonly failures: readonly FailureEntry[];
  readonly activity: readonly Activity[];
}

/** What happened in one second. */
export interface News {
  readonly sample: Sample;
  readonly failures: readonly FailureEntry[];
  readonly failuresLeftOut: number;
  readonly activity: readonly Activity[];
}

const CAUSES: Readonly<Record<string, CauseInfo>> = Object.fromEntries(
  Object.entries(ERROR_KINDS).map(([code, { title, fault }]) => [code, { title, fault }]),
);

/** Rows of one snapshot as JSON, by id: comparing texts finds those that have changed. */
export type Rows = ReadonlyMap<string, string>;

export const rowsOf = ({ upstreams }: Snapshot): Rows => {
  const rows = new Map<string, string>();
  for (const { name, endpoints } of upstreams) {
    for (const { traffic, ...rest } of endpoints) {
      const id = JSON.stringify([name, rest.address]);
      const row: EndpointRow = { id, upstream: name, ...rest, traffic: summaryOf(traffic) };
      rows.set(id, JSON.stringify(row));
    }
  }
  return rows;
};

export const fullMessage = (overview: Overview, rows: Rows, history: History): string =>
  withRows({ overview, causes: CAUSES, ...history } satisfies Omit<FullMessage, "endpoints">, [
    ...rows.values(),
  ]);

export const tickMessage = (
  overview: Overview,
  { now, before }: { readonly now: Rows; readonly before: Rows },
  news: News,
): string => {
  const changed = [...now].filter(([id, row]) => before.get(id) !== row).map(([, row]) => row);
  const gone = [...before.keys()].filter((id) => !now.has(id));
  return withRows({ overview, gone, ...news } satisfies Omit<TickMessage, "endpoints">, changed);
};

/** Rows are JSON already. */
const withRows = (message: object, rows: readonly string[]): string =>
  `${JSON.stringify(message).slice(0, -1)},"endpoints":[${rows.join(",")}]}`;

export const overviewOf = ({ upstreams, routes, ...rest }: Snapshot, isMeasured: boolean): Overview => ({
  ...rest,
  isMeasured,
  routes: routes.map(({ traffic, ...route }): RouteSummary => ({ ...route, traffic: summaryOf(traffic) })),
  upstreams: upstreams.map(upstreamSummary),
});

const upstreamSummary = ({ endpoints, traffic, ...rest }: UpstreamSnapshot): UpstreamSummary => ({
  ...rest,
  traffic: summaryOf(traffic),
  endpoints: endpoints.length,
  available: endpoints.filter(({ exclusion }) => exclusion === undefined).length,
});

const summaryOf = ({ requests, recent }: Traffic): TrafficSummary => ({ requests, recent });
