/** What upstreams, the config and operators have changed, newest first. */
import { byId, element, setText } from "./dom.js";
import { timeOfDay } from "./format.js";

/** @import { Activity } from "../wire.ts" */
/** @import { Store } from "./store.js" */

const SHOWN = 40;

/** @param {Activity} change @returns {[text: string, from: string]} */
const textOf = (change) => {
  switch (change.kind) {
    case "upstream":
      return [change.message, change.upstream];
    case "config":
      return change.error === undefined
        ? [`config generation ${change.generation} is in effect`, "config"]
        : [`a config was refused: ${change.error}`, "config"];
    case "action":
      return [
        change.message,
        `by ${change.actor.token ?? (change.actor.peer === "" ? "a socket" : change.actor.peer)}`,
      ];
  }
};

export const createActivity = () => {
  const list = element("ol", {
    class: "activity",
    tabindex: "0",
    role: "list",
    "aria-label": "Changes, newest first",
  });
  const empty = element("p", { class: "empty" }, ["Nothing has changed since the start."]);
  byId("activity-list").append(list, empty);
  /** @type {readonly Activity[]} */
  let shown = [];
  return {
    /** @param {Store} store */
    update: ({ activity }) => {
      if (activity === shown) return;
      shown = activity;
      empty.hidden = activity.length > 0;
      list.hidden = activity.length === 0;
      const rows = activity.slice(0, SHOWN).map((change) => {
        const [text, from] = textOf(change);
        const time = element("time", { datetime: new Date(change.time).toISOString() });
        setText(time, timeOfDay(change.time));
        return element("li", {}, [
          time,
          element("span", {}, [text]),
          element("span", { class: "under" }, [from]),
        ]);
      });
      list.replaceChildren(...rows);
    },
  };
};
