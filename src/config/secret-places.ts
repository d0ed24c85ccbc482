/** What is secret by where it stands. */
import type { ConfigPath } from "./problem.ts";

/** Says of a path whether its value must not be shown. */
export type IsSecret = (path: ConfigPath) => boolean;

const CREDENTIALS =
  /authorization|cookie|secret|token|passw|credential|signature|session|(?:^|[-_])(?:auth|(?:api)?key)(?:$|[-_])/i;

/** Whether what stands at `path` is secret whoever wrote it: private keys, and headers, parameters and cookies that carry credentials. */
export const isSecretPlace = (path: ConfigPath): boolean => {
  const last = path.findLast((key) => typeof key === "string") ?? "";
  if (last === "key" && path.at(-2) === "tls") return true;
  const isNamed = path.some((key) =>
    /^(?:requestHeaders|responseHeaders|headers|query|cookies)$/.test(String(key)),
  );
  return isNamed && CREDENTIALS.test(last);
};
