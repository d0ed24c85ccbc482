/**
 * Field values between two notations: the proxy holds one character a byte (latin1), as they were on the wire. So does
 * `fetch` by its standard; workerd decodes and encodes them as UTF-8.
 */
import type { HeaderPairs } from "../http/header-edits.ts";

export interface FieldValues {
  /** Fields (name, value, …) as `Headers` show them, one character a byte. */
  readonly received: (pairs: HeaderPairs) => HeaderPairs;
  /** Fields one character a byte, as `Headers` are to be given them. */
  readonly toSend: (pairs: HeaderPairs) => HeaderPairs;
}

/** The standard's notation. */
export const LATIN1_VALUES: FieldValues = Object.freeze({
  received: (pairs: HeaderPairs) => pairs,
  toSend: (pairs: HeaderPairs) => pairs,
});
