/** What went wrong in the time that the charts show, by cause. */
import { byId, element, setLines, setText } from "./dom.js";
import { count } from "./format.js";
import { createTable } from "./table.js";

/** @import { Store } from "./store.js" */

/**
 * @typedef {object} Cause
 * @property {string} code
 * @property {string} title
 * @property {string} fault who has to change something
 * @property {number} requests
 * @property {number} share of the most frequent one
 */

const STATUS = /^[1-9]\d\d$/;

export const createCauses = () => {
  /** @type {import("./table.js").LiveTable<Cause>} */
  const table = createTable({
    name: "Errors by cause",
    empty: "No errors in the time shown.",
    idOf: ({ code }) => code,
    sort: { column: "requests", falling: true },
    columns: [
      {
        id: "cause",
        label: "Cause",
        fill: (cell, { code, title, fault }) => setLines(cell, code, `${title} (${fault})`),
        by: ({ code }) => code,
      },
      {
        id: "requests",
        label: "Requests",
        kind: "number",
        fill: (cell, { requests }) => setText(cell, count(requests)),
        by: ({ requests }) => requests,
      },
      {
        id: "share",
        label: "Share",
        fill: (cell, { share }) => {
          const [meter = element("meter", { min: "0", max: "1", "aria-label": "of the most frequent" })] =
            cell.children;
          if (cell.childElementCount === 0) cell.append(meter);
          if (meter instanceof HTMLMeterElement) meter.value = share;
        },
      },
    ],
  });
  byId("causes-table").append(table.element);
  return {
    /** @param {Store} store @param {number} seconds */
    update: (store, seconds) => table.update(causesOf(store, seconds)),
  };
};

/** @param {Store} store @param {number} seconds @returns {readonly Cause[]} */
const causesOf = ({ samples, causes }, seconds) => {
  const from = (samples.at(-1)?.time ?? 0) - seconds * 1_000;
  /** @type {Map<string, number>} */
  const totals = new Map();
  for (const sample of samples) {
    if (sample.time < from) continue;
    for (const [code, n] of Object.entries(sample.causes)) totals.set(code, (totals.get(code) ?? 0) + n);
  }
  const most = Math.max(1, ...totals.values());
  return Array.from(totals, ([code, requests]) => ({
    code,
    requests,
    share: requests / most,
    ...(STATUS.test(code)
      ? { title: "Answers with this status", fault: "upstream" }
      : (causes[code] ?? { title: "", fault: "" })),
  }));
};
