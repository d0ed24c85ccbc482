/** What is secret by where it stands. */
import { isCredentialName } from "../http/credentials.ts";
import type { ConfigPath } from "./problem.ts";

/** Says of a path whether its value must not be shown. */
export type IsSecret = (path: ConfigPath) => boolean;

const NAMED_VALUES = /^(?:requestHeaders|responseHeaders|headers|query|cookies)$/;

/** Whether what stands at `path` is secret whoever wrote it: private keys, and headers, parameters and cookies that carry credentials. */
export const isSecretPlace = (path: ConfigPath): boolean => {
  if (path.at(-1) === "key" && path.at(-2) === "tls") return true;
  const names = path.findIndex((key) => NAMED_VALUES.test(String(key)));
  return names !== -1 && path.slice(names + 1).some((key) => isCredentialName(String(key)));
};
