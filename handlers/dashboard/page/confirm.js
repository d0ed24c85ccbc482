/** Asks before something that is easily regretted. */
import { byId, setText } from "./dom.js";

/**
 * @param {{ title: string, text: string, yes: string }} question
 * @returns {Promise<boolean>}
 */
export const confirmed = ({ title, text, yes }) => {
  const dialog = /** @type {HTMLDialogElement} */ (byId("confirm-dialog"));
  setText(byId("confirm-title"), title);
  setText(byId("confirm-text"), text);
  const button = dialog.querySelector('button[value="yes"]');
  if (button !== null) setText(button, yes);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
};
