/** Light, dark, or as the system has it. */
import { byId, element } from "./dom.js";

const KEY = "fairlead-theme";
const THEMES = ["system", "light", "dark"];

/** @param {() => void} changed is called when colours are others than before */
export const setUpTheme = (changed) => {
  const button = byId("theme");
  const root = document.documentElement;
  const current = () => root.dataset["theme"] ?? "system";
  const show = () => {
    button.replaceChildren(element("span", { class: "wide" }, ["Theme: "]), current());
    button.setAttribute("aria-label", `Theme: ${current()}`);
    changed();
  };
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(current()) + 1) % THEMES.length] ?? "system";
    if (next === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = next;
    keep(next);
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  show();
};

/** @param {string} theme */
const keep = (theme) => {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage is blocked: the choice lasts until the page is left.
  }
};
