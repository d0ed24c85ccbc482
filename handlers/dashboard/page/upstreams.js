/** The table of upstreams. */
import { byId, element, setState, setText } from "./dom.js";
import { NOTHING, count } from "./format.js";
import { createTable } from "./table.js";
import { recentRate, trafficColumns } from "./traffic-columns.js";

/** @import { UpstreamSummary } from "../wire.ts" */
/** @import { Store } from "./store.js" */

const PAGE = 20;

/** @param {UpstreamSummary} upstream @returns {import("./dom.js").Shape} */
const shapeOf = ({ available, endpoints }) =>
  available === 0 ? "bad" : available < endpoints ? "warn" : "ok";

/** @param {UpstreamSummary} upstream */
const concurrencyOf = ({ concurrency }) => {
  if (concurrency === undefined) return NOTHING;
  const { inProgress, limit, waiting } = concurrency;
  return `${count(inProgress)} of ${count(limit)}${waiting > 0 ? `, ${count(waiting)} wait` : ""}`;
};

/** @param {(upstream: string) => void} show is called to show the endpoints of one */
export const createUpstreams = (show) => {
  /** @type {import("./table.js").LiveTable<UpstreamSummary>} */
  const table = createTable({
    name: "Upstreams",
    empty: "The config has no upstreams.",
    pageSize: PAGE,
    idOf: ({ name }) => name,
    columns: [
      {
        id: "upstream",
        label: "Upstream",
        fill: (cell, { name }) => {
          const [link = linkTo(show)] = cell.children;
          if (cell.childElementCount === 0) cell.append(link);
          setText(link, name);
        },
        by: ({ name }) => name,
      },
      {
        id: "available",
        label: "Available",
        fill: (cell, upstream) => {
          const [at = element("span")] = cell.children;
          if (cell.childElementCount === 0) cell.append(at);
          const { available, endpoints } = upstream;
          setState(at, shapeOf(upstream), `${count(available)} of ${count(endpoints)}`);
        },
        by: ({ available, endpoints }) => (endpoints === 0 ? 0 : available / endpoints),
      },
      {
        id: "balance",
        label: "Balancing",
        fill: (cell, { balance }) => setText(cell, balance),
        by: ({ balance }) => balance,
      },
      ...trafficColumns((/** @type {UpstreamSummary} */ upstream) => recentRate(upstream)),
      {
        id: "concurrency",
        label: "Concurrency",
        kind: "number",
        fill: (cell, upstream) => setText(cell, concurrencyOf(upstream)),
      },
      {
        id: "retries",
        label: "Retry budget",
        kind: "number",
        fill: (cell, { retryBudget }) =>
          setText(cell, retryBudget === undefined ? NOTHING : count(Math.floor(retryBudget))),
      },
    ],
  });
  byId("upstreams-table").append(table.element);
  return {
    /** @param {Store} store */
    update: ({ overview }) => table.update(overview?.upstreams ?? []),
  };
};

/** @param {(upstream: string) => void} show */
const linkTo = (show) => {
  const link = element("a", { href: "#endpoints" });
  link.addEventListener("click", () => show(link.textContent ?? ""));
  return link;
};
