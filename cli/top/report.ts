/** Everything that is shown of a proxy: two lines about the whole, routes, upstreams. */
import type { Snapshot } from "../../handlers/snapshot.ts";
import type { Style } from "../style.ts";
import { type RowOptions, routeRows, upstreamRows } from "./rows.ts";
import { ALL_KEY } from "./snapshot.ts";
import { ROUTE_COLUMNS, UPSTREAM_COLUMNS, lineOf, tableLines } from "./table.ts";
import { countText, latencyText, rateText, shareText, spanText } from "./units.ts";

export interface ReportOptions extends RowOptions {
  readonly rates: ReadonlyMap<string, number>;
  /** In cells. */
  readonly width: number;
  readonly style: Style;
}

/** Lines about the proxy as a whole. */
export const summaryLines = (
  snapshot: Snapshot,
  { rates, width, style }: ReportOptions,
): readonly string[] => {
  const { version, runtime, time, startedAt, draining, threads, config, connections, traffic } = snapshot;
  const { recent } = traffic;
  const about = [
    `fairlead ${version}`,
    runtime,
    `up ${spanText(time - startedAt)}`,
    ...(threads.length > 1 ? [`${threads.length} threads`] : []),
    `config ${config.generation}`,
    `${countText(connections.open)} connections`,
    ...(connections.tunnels > 0 ? [`${countText(connections.tunnels)} tunnels`] : []),
  ];
  const flow = [
    `${rateText(rates.get(ALL_KEY) ?? 0)} requests/s`,
    `${countText(traffic.requests)} in all`,
    `failed ${shareText(recent.requests === 0 ? undefined : recent.failures / recent.requests)}`,
    `p50 ${latencyText(recent.p50 ?? undefined)}`,
    `p95 ${latencyText(recent.p95 ?? undefined)}`,
    `p99 ${latencyText(recent.p99 ?? undefined)}`,
  ];
  const failure = config.lastError?.message;
  return [
    style.bold(lineOf(about.join(" · "), width)),
    lineOf(flow.join(" · "), width),
    ...(draining ? [style.yellow(lineOf("draining: it finishes what is in flight and stops", width))] : []),
    ...(failure === undefined
      ? []
      : [style.red(lineOf(`the last new config was refused: ${failure}`, width))]),
  ];
};

/** The tables. */
export const tablesOf = (snapshot: Snapshot, options: ReportOptions): readonly string[] => {
  const { rates, width, style } = options;
  const routes = routeRows(snapshot, rates, options);
  const upstreams = upstreamRows(snapshot, rates, options);
  const tables = [
    ...(upstreams.length === 0
      ? []
      : [tableLines(upstreams, { title: "UPSTREAMS", columns: UPSTREAM_COLUMNS, width, style })]),
    ...(routes.length === 0
      ? []
      : [tableLines(routes, { title: "ROUTES", columns: ROUTE_COLUMNS, width, style })]),
  ];
  if (tables.length > 0) return tables.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
  return options.filter === "" ? [] : [lineOf(`nothing has "${options.filter}" in its name`, width)];
};
