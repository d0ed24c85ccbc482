/** The table of routes. */
import { byId, setLines, setText } from "./dom.js";
import { createTable } from "./table.js";
import { recentRate, trafficColumns } from "./traffic-columns.js";

/** @import { RouteSummary } from "../wire.ts" */
/** @import { Store } from "./store.js" */

const PAGE = 20;

/** @param {RouteSummary} route */
const targetOf = ({ action, upstreams }) => {
  if (action !== "forward") return action === "redirect" ? "redirect" : "answered by the proxy";
  return upstreams
    .map(({ name, weight }) => (upstreams.length === 1 ? name : `${name} ×${weight}`))
    .join(", ");
};

export const createRoutes = () => {
  /** @type {import("./table.js").LiveTable<RouteSummary>} */
  const table = createTable({
    name: "Routes",
    empty: "The config has no routes.",
    pageSize: PAGE,
    idOf: ({ name }) => name,
    columns: [
      {
        id: "route",
        label: "Route",
        fill: (cell, { name, match }) => setLines(cell, name, match.join(", ")),
        by: ({ name }) => name,
      },
      { id: "to", label: "To", fill: (cell, route) => setText(cell, targetOf(route)), by: targetOf },
      ...trafficColumns(recentRate),
    ],
  });
  byId("routes-table").append(table.element);
  return {
    /** @param {Store} store */
    update: ({ overview }) => table.update(overview?.routes ?? []),
  };
};
