/** The admin token: in this tab alone, until it is closed. */
import { byId } from "./dom.js";

const KEY = "fairlead-token";

/** @type {string | undefined} */
let token;

const stored = () => {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
};

/** Header fields of a request. @returns {Record<string, string>} */
export const authorization = () => {
  token ??= stored();
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
};

/** Asks for it. @param {() => void} given is called once there is one */
export const askForToken = (given) => {
  const dialog = /** @type {HTMLDialogElement} */ (byId("token-dialog"));
  const input = /** @type {HTMLInputElement} */ (byId("token"));
  const wasRefused = token !== undefined;
  byId("token-why").classList.toggle("refused", wasRefused);
  if (wasRefused) byId("token-why").textContent = "That token was refused. Try another one.";
  token = undefined;
  if (dialog.open) return;
  dialog.addEventListener(
    "close",
    () => {
      token = input.value.trim();
      input.value = "";
      keep(token);
      given();
    },
    { once: true },
  );
  dialog.showModal();
};

/** @param {string} value */
const keep = (value) => {
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    // Storage is blocked: it is asked for again when the page is opened again.
  }
};
