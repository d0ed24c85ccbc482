/** Columns that routes, upstreams and endpoints have in common: the last minute. */
import { setText } from "./dom.js";
import { count, duration, percent, rate } from "./format.js";

/** @import { Column } from "./table.js" */
/** @import { TrafficSummary } from "../wire.ts" */

/** Without traffic it sorts below everything. */
const NONE = -1;

/**
 * @template {{ readonly traffic: TrafficSummary }} Row
 * @param {(row: Row) => number} rateOf
 * @returns {readonly Column<Row>[]}
 */
export const trafficColumns = (rateOf) => [
  {
    id: "rate",
    label: "Req/s",
    kind: "number",
    fill: (cell, row) => setText(cell, rate(rateOf(row))),
    by: rateOf,
  },
  {
    id: "errors",
    label: "Errors, 1 min",
    kind: "number",
    fill: (cell, { traffic: { recent } }) => {
      const share = recent.requests === 0 ? "" : ` (${percent(recent.failures / recent.requests)})`;
      setText(cell, recent.failures === 0 ? "0" : `${count(recent.failures)}${share}`);
      cell.classList.toggle("bad", recent.failures > 0);
    },
    by: ({ traffic }) => traffic.recent.failures,
  },
  ...latencyColumns(),
];

/**
 * @template {{ readonly traffic: TrafficSummary }} Row
 * @returns {readonly Column<Row>[]}
 */
const latencyColumns = () =>
  /** @type {const} */ (["p50", "p95", "p99"]).map((name) => ({
    id: name,
    label: name,
    kind: "number",
    fill: (cell, { traffic }) => setText(cell, duration(traffic.recent[name])),
    by: ({ traffic }) => traffic.recent[name] ?? NONE,
  }));

/** @param {{ readonly traffic: TrafficSummary }} row */
export const recentRate = ({ traffic: { recent } }) =>
  recent.seconds > 0 ? recent.requests / recent.seconds : 0;
