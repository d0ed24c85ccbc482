/** The live tail of failed requests. */
import { byId, element, setLines, setText } from "./dom.js";
import { NOTHING, count, duration, plural, timeOfDay } from "./format.js";
import { failureId } from "./store.js";
import { createTable } from "./table.js";

/** @import { FailureEntry } from "../../control.ts" */
/** @import { Store } from "./store.js" */

const PAGE = 10;

/** @param {FailureEntry} failure */
const textOf = (failure) =>
  [
    failure.requestId,
    failure.code,
    failure.status,
    failure.method,
    failure.host,
    failure.target,
    failure.route,
    failure.upstream,
    failure.endpoint,
    failure.client,
  ]
    .join(" ")
    .toLowerCase();

export const createFailures = () => {
  const filter = element("input", { type: "search", placeholder: "Request id, path, cause, client" });
  const note = element("span", { class: "muted", role: "status" });
  /** @type {import("./table.js").LiveTable<FailureEntry>} */
  const table = createTable({
    name: "Failures, newest first",
    empty: "No failed requests.",
    pageSize: PAGE,
    idOf: failureId,
    columns: [
      { id: "time", label: "Time", kind: "short", fill: (cell, { time }) => setText(cell, timeOfDay(time)) },
      {
        id: "cause",
        label: "Cause",
        fill: (cell, { status, code, message }) =>
          setLines(cell, code === String(status) ? code : `${status} ${code}`, message),
      },
      {
        id: "request",
        label: "Request",
        fill: (cell, { method, host, target, client }) =>
          setLines(
            cell,
            `${method} ${target}`,
            `${host ?? "no host"}, from ${client === "" ? "a socket" : client}`,
          ),
      },
      {
        id: "where",
        label: "Route and endpoint",
        fill: (cell, { route, upstream, endpoint, attempts }) =>
          setLines(cell, route ?? "no route", whereText(upstream, endpoint, attempts)),
      },
      {
        id: "took",
        label: "Took",
        kind: "number",
        fill: (cell, failure) => setText(cell, duration(failure.duration)),
      },
      {
        id: "id",
        label: "Request id",
        kind: "short",
        fill: (cell, { requestId }) => {
          const [code = element("code")] = cell.children;
          if (cell.childElementCount === 0) cell.append(code);
          setText(code, requestId);
        },
      },
    ],
  });
  byId("failures-table").append(
    element("div", { class: "tools" }, [
      element("label", {}, [element("span", { class: "hidden" }, ["Filter failures"]), filter]),
      note,
    ]),
    table.element,
  );
  /** @type {Store | undefined} */
  let last;
  const draw = () => {
    if (last === undefined) return;
    const wanted = filter.value.trim().toLowerCase();
    const shown =
      wanted === "" ? last.failures : last.failures.filter((each) => textOf(each).includes(wanted));
    table.update(shown);
    const all = plural(last.failures.length, "failure");
    const left = last.failuresLeftOut === 0 ? "" : `; ${count(last.failuresLeftOut)} more are only counted`;
    setText(note, last.failures.length === 0 ? "" : `The last ${all}${left}`);
  };
  filter.addEventListener("input", () => {
    draw();
    table.toStart();
  });
  return {
    /** @param {Store} store */
    update: (store) => {
      last = store;
      draw();
    },
  };
};

/** @param {string | undefined} upstream @param {string | undefined} endpoint @param {number} attempts */
const whereText = (upstream, endpoint, attempts) => {
  if (upstream === undefined) return NOTHING;
  const tries = attempts > 1 ? `, ${attempts} attempts` : "";
  return `${upstream}${endpoint === undefined ? "" : ` at ${endpoint}`}${tries}`;
};
