/** What is secret by where it stands. */
import type { ConfigPath } from "./problem.ts";

/** Says of a path whether its value must not be shown. */
export type IsSecret = (path: ConfigPath) => boolean;

const CREDENTIALS =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|.*(?:secret|token|password).*)$/i;

/** Whether what stands at `path` is secret whoever wrote it: private keys, and headers that carry credentials. */
export const isSecretPlace = (path: ConfigPath): boolean => {
  const last = path.findLast((key) => typeof key === "string") ?? "";
  if (last === "key" && path.at(-2) === "tls") return true;
  const isHeader = path.some((key) => /^(?:requestHeaders|responseHeaders|headers)$/.test(String(key)));
  return isHeader && CREDENTIALS.test(last);
};
