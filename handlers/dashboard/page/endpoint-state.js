/** An endpoint's state in a word. */
import { span } from "./format.js";

/** @import { EndpointRow } from "../wire.ts" */
/** @import { Shape } from "./dom.js" */

/** @typedef {{ shape: Shape, word: string, why: string }} StateWord */

/** @param {EndpointRow} row @returns {StateWord} */
export const stateOf = (row) => {
  const { drained, exclusion, inFlight, health, breaker } = row;
  if (drained) {
    return inFlight > 0
      ? { shape: "off", word: "Draining", why: `${inFlight} in flight` }
      : { shape: "off", word: "Drained", why: "by hand" };
  }
  switch (exclusion) {
    case "drained":
      return { shape: "off", word: "Drained", why: "weight 0" };
    case "unhealthy":
      return health?.state === "unknown"
        ? { shape: "unknown", word: "Not checked yet", why: "" }
        : { shape: "bad", word: "Unhealthy", why: health?.lastResult ?? "" };
    case "ejected":
      return {
        shape: "bad",
        word: "Ejected",
        why: row.ejectedUntil === undefined ? "" : left(row.ejectedUntil),
      };
    case "circuit-open":
      return { shape: "bad", word: "Circuit open", why: breakerText(row) };
    case "at-limit":
      return { shape: "warn", word: "At its limit", why: "" };
    default:
      if (breaker?.state === "half-open") return { shape: "warn", word: "Probing", why: "breaker half-open" };
      return { shape: "ok", word: "Serving", why: "" };
  }
};

/** @param {EndpointRow} row */
export const breakerText = ({ breaker }) => {
  if (breaker === undefined) return "none";
  if (breaker.state !== "open") return breaker.state;
  return breaker.until === undefined ? "open, by hand" : `open, ${left(breaker.until)}`;
};

/** @param {number} until epoch milliseconds */
const left = (until) => {
  const seconds = (until - Date.now()) / 1_000;
  return seconds > 0 ? `${span(Math.ceil(seconds))} left` : "over now";
};

const ORDER = { bad: 0, warn: 1, off: 2, unknown: 3, ok: 4 };

/** Those that somebody should look at come first. @param {EndpointRow} row */
export const urgencyOf = (row) => ORDER[stateOf(row).shape];
