/** The numbers at the top. */
import { byId, element, setText } from "./dom.js";
import { count, duration, percent, plural, rate } from "./format.js";

/** @import { Store } from "./store.js" */

/** Seconds that rates are averaged over: a single one jumps. */
const AVERAGED = 5;

/**
 * @typedef {object} Figure
 * @property {string} label
 * @property {(store: Store) => string} value
 * @property {(store: Store) => string} note
 * @property {(store: Store) => boolean} [isBad]
 */

/** @type {readonly Figure[]} */
const FIGURES = [
  {
    label: "Requests/s",
    value: (store) => rate(averaged(store, ({ requests }) => requests)),
    note: ({ overview }) => `${count(overview?.traffic.requests ?? 0)} in all`,
  },
  {
    label: "Errors/s",
    value: (store) => rate(averaged(store, ({ failures }) => failures)),
    note: ({ overview }) => {
      const recent = overview?.traffic.recent;
      if (recent === undefined || recent.requests === 0) return "no requests in the last minute";
      return `${percent(recent.failures / recent.requests)} in the last minute`;
    },
    isBad: (store) => (averaged(store, ({ failures }) => failures) ?? 0) > 0,
  },
  { label: "p50", value: ({ samples }) => duration(samples.at(-1)?.p50), note: () => "half are faster" },
  { label: "p95", value: ({ samples }) => duration(samples.at(-1)?.p95), note: () => "1 in 20 is slower" },
  { label: "p99", value: ({ samples }) => duration(samples.at(-1)?.p99), note: () => "1 in 100 is slower" },
  {
    label: "In flight",
    value: ({ endpoints }) => count(sum(endpoints.values(), ({ row }) => row.inFlight)),
    note: () => "at endpoints",
  },
  {
    label: "Connections",
    value: ({ overview }) => count(overview?.connections.open ?? 0),
    note: ({ overview }) => plural(overview?.connections.tunnels ?? 0, "tunnel"),
  },
  {
    label: "Endpoints",
    value: ({ overview }) => count(sum(overview?.upstreams ?? [], ({ available }) => available)),
    note: ({ overview }) =>
      `of ${count(sum(overview?.upstreams ?? [], ({ endpoints }) => endpoints))} available`,
    isBad: ({ overview }) => (overview?.upstreams ?? []).some(({ available }) => available === 0),
  },
];

export const createFigures = () => {
  const list = byId("figures");
  const made = FIGURES.map((figure) => {
    const value = element("dd", { class: "value" });
    const note = element("dd", { class: "note" });
    const group = element("div", {}, [element("dt", {}, [figure.label]), value, note]);
    list.append(group);
    return { figure, value, note, group };
  });
  return {
    /** @param {Store} store */
    update: (store) => {
      for (const { figure, value, note, group } of made) {
        setText(value, figure.value(store));
        setText(note, figure.note(store));
        group.classList.toggle("bad", figure.isBad?.(store) === true);
      }
    },
  };
};

/**
 * @param {Store} store
 * @param {(sample: import("../wire.ts").Sample) => number} of
 */
const averaged = ({ samples }, of) => {
  const last = samples.slice(-AVERAGED);
  const seconds = sum(last, (sample) => sample.seconds);
  return seconds === 0 ? undefined : sum(last, of) / seconds;
};

/**
 * @template Each
 * @param {Iterable<Each>} all
 * @param {(each: Each) => number} of
 */
const sum = (all, of) => {
  let total = 0;
  for (const each of all) total += of(each);
  return total;
};
