/** The table of endpoints, with a filter, and what can be done to each. */
import { byId, element, setAttribute, setLines, setState, setText } from "./dom.js";
import { breakerText, stateOf, urgencyOf } from "./endpoint-state.js";
import { count, plural } from "./format.js";
import { createTable } from "./table.js";
import { trafficColumns } from "./traffic-columns.js";

/** @import { LiveEndpoint, Store } from "./store.js" */
/** @import { Column } from "./table.js" */
/** @import { EndpointAction } from "./api.js" */

const PAGE = 50;

/** @typedef {LiveEndpoint & { traffic: LiveEndpoint["row"]["traffic"] }} Shown */

/** @type {Readonly<Record<string, (shape: string) => boolean>>} */
const FILTERS = {
  all: () => true,
  attention: (shape) => shape === "bad" || shape === "warn",
  serving: (shape) => shape === "ok",
  off: (shape) => shape === "off",
};

/** @param {(action: EndpointAction) => void} act */
export const createEndpoints = (act) => {
  const text = element("input", {
    type: "search",
    id: "endpoint-filter",
    placeholder: "Address, upstream or zone",
  });
  const state = element("select", { id: "endpoint-state" }, [
    element("option", { value: "all" }, ["All states"]),
    element("option", { value: "attention" }, ["Needs attention"]),
    element("option", { value: "serving" }, ["Serving"]),
    element("option", { value: "off" }, ["Drained"]),
  ]);
  const found = element("span", { class: "muted", role: "status" });
  const table = createTable({
    name: "Endpoints",
    empty: "No endpoint matches.",
    pageSize: PAGE,
    sort: { column: "state", falling: false },
    idOf: (/** @type {Shown} */ { row }) => row.id,
    columns: [...columns(), actions(act)],
    mark: (shown, { row }) => shown.classList.toggle("dimmed", stateOf(row).shape === "off"),
  });
  byId("endpoints-table").append(
    element("div", { class: "tools" }, [
      element("label", {}, [element("span", { class: "hidden" }, ["Filter endpoints"]), text]),
      element("label", {}, [element("span", { class: "hidden" }, ["State"]), state]),
      found,
    ]),
    table.element,
  );
  /** @type {readonly Shown[]} */
  let all = [];
  const draw = () => {
    const words = text.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const matches = FILTERS[state.value] ?? (() => true);
    const rows = all.filter(({ row }) => {
      const where = `${row.address} ${row.upstream} ${row.zone ?? ""}`.toLowerCase();
      return words.every((word) => where.includes(word)) && matches(stateOf(row).shape);
    });
    setText(
      found,
      rows.length === all.length
        ? plural(all.length, "endpoint")
        : `${count(rows.length)} of ${count(all.length)}`,
    );
    table.update(rows);
  };
  for (const input of [text, state]) {
    input.addEventListener("input", () => {
      draw();
      table.toStart();
    });
  }
  return {
    /** @param {Store} store */
    update: ({ endpoints }) => {
      all = Array.from(endpoints.values(), (each) => ({ ...each, traffic: each.row.traffic }));
      draw();
    },
    /** @param {string} upstream */
    show: (upstream) => {
      text.value = upstream;
      draw();
      table.toStart();
    },
  };
};

/** @returns {readonly Column<Shown>[]} */
const columns = () => [
  {
    id: "address",
    label: "Endpoint",
    fill: (cell, { row: { address, zone, priority = 0 } }) =>
      setLines(
        cell,
        address,
        [zone ?? "", priority > 0 ? `tier ${priority}` : ""].filter((each) => each !== "").join(", "),
      ),
    by: ({ row }) => `${row.upstream} ${row.address}`,
  },
  {
    id: "upstream",
    label: "Upstream",
    fill: (cell, { row }) => setText(cell, row.upstream),
    by: ({ row }) => row.upstream,
  },
  {
    id: "state",
    label: "State",
    fill: (cell, { row }) => {
      const { shape, word, why } = stateOf(row);
      if (cell.childElementCount !== 2)
        cell.replaceChildren(element("span"), element("span", { class: "under" }));
      const [above, below] = cell.children;
      if (above !== undefined) setState(above, shape, word);
      if (below !== undefined) setText(below, why);
    },
    by: ({ row }) => `${urgencyOf(row)} ${row.upstream} ${row.address}`,
  },
  {
    id: "health",
    label: "Health",
    fill: (cell, { row: { health } }) => {
      setText(cell, health === undefined ? "no checks" : health.state);
      cell.title = health?.lastResult ?? "";
    },
    by: ({ row }) => row.health?.state ?? "",
  },
  {
    id: "breaker",
    label: "Breaker",
    fill: (cell, { row }) => setText(cell, breakerText(row)),
    by: ({ row }) => breakerText(row),
  },
  {
    id: "in-flight",
    label: "In flight",
    kind: "number",
    fill: (cell, { row }) => setText(cell, count(row.inFlight)),
    by: ({ row }) => row.inFlight,
  },
  ...trafficColumns((/** @type {Shown} */ { rate }) => rate),
  {
    id: "weight",
    label: "Weight",
    kind: "number",
    fill: (cell, { row: { weight } }) =>
      setText(
        cell,
        weight.effective === weight.configured
          ? String(weight.configured)
          : `${weight.effective} of ${weight.configured}`,
      ),
    by: ({ row }) => row.weight.effective,
  },
];

/** @param {(action: EndpointAction) => void} act @returns {Column<Shown>} */
const actions = (act) => {
  /** What each button does now. @type {WeakMap<HTMLButtonElement, EndpointAction>} */
  const does = new WeakMap();
  const button = () => {
    const made = element("button", { type: "button" });
    made.addEventListener("click", () => {
      const action = does.get(made);
      if (action !== undefined) act(action);
    });
    return made;
  };
  return {
    id: "actions",
    label: "Actions",
    kind: "actions",
    fill: (cell, { row: { upstream, address, drained, breaker } }) => {
      if (cell.childElementCount === 0) cell.append(button(), button());
      const [traffic, circuit] = cell.querySelectorAll("button");
      if (traffic === undefined || circuit === undefined) return;
      const name = { upstream, endpoint: address };
      setText(traffic, drained ? "Enable" : "Drain");
      setAttribute(traffic, "aria-label", `${drained ? "Enable" : "Drain"} ${address}`);
      does.set(traffic, { kind: drained ? "enable" : "drain", ...name });
      circuit.hidden = breaker === undefined;
      const isClosed = breaker?.state === "closed";
      const word = isClosed ? "Open breaker" : "Close breaker";
      setText(circuit, word);
      setAttribute(circuit, "aria-label", `${word} of ${address}`);
      does.set(circuit, { kind: "breaker", to: isClosed ? "open" : "close", ...name });
    },
  };
};
