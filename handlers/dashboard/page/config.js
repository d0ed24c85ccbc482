/** The config in effect, as it would have to be written without any default. */
import { configView } from "./api.js";
import { byId, element, setText } from "./dom.js";
import { timeOfDay } from "./format.js";

/** @import { Store } from "./store.js" */

export const createConfig = () => {
  const facts = element("p", { class: "muted" });
  const button = element(
    "button",
    { type: "button", "aria-expanded": "false", "aria-controls": "config-text" },
    ["Show config"],
  );
  const text = element("pre", {
    id: "config-text",
    tabindex: "0",
    hidden: "",
    "aria-label": "Effective config",
  });
  byId("config-view").append(element("div", { class: "tools" }, [button, facts]), text);
  let shownGeneration = -1;
  let generation = 0;
  const load = async () => {
    shownGeneration = generation;
    try {
      const config = await configView();
      setText(
        text,
        config === null
          ? "Not known: this proxy was started by a program."
          : JSON.stringify(config, undefined, 2),
      );
    } catch (error) {
      shownGeneration = -1;
      setText(text, error instanceof Error ? error.message : String(error));
    }
  };
  button.addEventListener("click", () => {
    text.hidden = !text.hidden;
    button.setAttribute("aria-expanded", String(!text.hidden));
    button.textContent = text.hidden ? "Show config" : "Hide config";
    if (!text.hidden && shownGeneration !== generation) void load();
  });
  return {
    /** @param {Store} store */
    update: ({ overview }) => {
      if (overview === undefined) return;
      const { config } = overview;
      generation = config.generation;
      const from = config.sources.length === 0 ? "" : ` from ${config.sources.join(", ")}`;
      setText(
        facts,
        `Generation ${generation}, in effect since ${timeOfDay(config.loadedAt)}${from}. Secrets are masked.`,
      );
      if (!text.hidden && shownGeneration !== generation) void load();
    },
  };
};
