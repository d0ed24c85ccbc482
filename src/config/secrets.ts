/** What is secret by where it stands. */
import { isCredentialName } from "../http/credentials.ts";
import type { ConfigPath } from "./problem.ts";
import { memberOf, type Schema } from "./schema/schema.ts";

/** Says whether the value at a path must not be shown. */
export type IsSecret = (path: ConfigPath, value: unknown) => boolean;

/** Whether what stands at `path` is secret whoever wrote it: private keys, and values that have the name of a credential. */
export const isSecretPlace = (schema: Schema, path: ConfigPath, value: unknown): boolean => {
  let at: Schema | undefined = schema;
  for (const key of path) {
    // Where nothing is known of a place, names tell.
    if ((at === undefined || at.isSecret === "credentials") && isCredentialName(String(key))) return true;
    at = at && memberOf(at, key);
  }
  return typeof at?.isSecret === "function" && at.isSecret(value);
};
