/** What operators do to endpoints, with a question where it would stop an upstream. */
import { perform } from "./api.js";
import { confirmed } from "./confirm.js";
import { announce, byId, element } from "./dom.js";

/** @import { EndpointAction } from "./api.js" */
/** @import { Store } from "./store.js" */

const SHOWN_MS = 6_000;

/** @param {Store} store */
export const createActions = (store) => {
  const box = element("div", { class: "toasts" });
  byId("announcer").before(box);
  /** @param {string} text @param {boolean} isBad */
  const say = (text, isBad) => {
    const toast = element("p", isBad ? { class: "toast bad" } : { class: "toast" }, [text]);
    box.replaceChildren(toast);
    announce(text);
    setTimeout(() => toast.remove(), SHOWN_MS);
  };
  return async (/** @type {EndpointAction} */ action) => {
    if (stopsUpstream(action, store) && !(await isMeant(action))) return;
    try {
      say(await perform(action), false);
    } catch (error) {
      say(`Not done: ${error instanceof Error ? error.message : String(error)}`, true);
    }
  };
};

/** Whether no endpoint of the upstream would be left. @param {EndpointAction} action @param {Store} store */
const stopsUpstream = (action, { endpoints }) => {
  const takesAway = action.kind === "drain" || (action.kind === "breaker" && action.to === "open");
  if (!takesAway) return false;
  const available = [...endpoints.values()].filter(
    ({ row }) => row.upstream === action.upstream && row.exclusion === undefined,
  );
  return available.length === 1 && available[0]?.row.address === action.endpoint;
};

/** @param {EndpointAction} action */
const isMeant = (action) => {
  return confirmed({
    title: `Stop all traffic to ${action.upstream}?`,
    text: "This is its last endpoint that takes traffic. Requests to this upstream will be answered with 503.",
    yes: action.kind === "drain" ? "Drain it" : "Open its breaker",
  });
};
