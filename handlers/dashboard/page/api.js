/** Calls of the admin API. */
import { authorization } from "./token.js";

/** @import { Action } from "../../control.ts" */

/**
 * @param {string} path
 * @param {unknown} [body] sent by POST; a GET without
 * @returns {Promise<any>}
 */
const call = async (path, body) => {
  const headers = { accept: "application/json", ...authorization() };
  const response = await fetch(
    path,
    body === undefined
      ? { headers, cache: "no-store" }
      : {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify(body),
        },
  );
  const text = await response.text();
  const answer = text === "" ? undefined : JSON.parse(text);
  if (!response.ok) throw new Error(answer?.detail ?? `the proxy answered ${response.status}`);
  return answer;
};

/** @returns {Promise<unknown>} */
export const configView = async () => (await call("config")).config;

/** What the page can do to an endpoint. */
/** @typedef {Extract<Action, { readonly kind: "drain" | "enable" | "breaker" }>} EndpointAction */

/**
 * @param {EndpointAction} action
 * @returns {Promise<string>} what was done
 */
export const perform = async (action) => {
  const { upstream, endpoint } = action;
  const path = action.kind === "breaker" ? `api/breakers/${action.to}` : `api/endpoints/${action.kind}`;
  return (await call(path, { upstream, endpoint })).message;
};
