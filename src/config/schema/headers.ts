/** Header edits, and which headers are nobody's to edit. */
import * as v from "valibot";
import { HOP_BY_HOP } from "../../http/headers.ts";
import type { HeaderEditConfig, HeaderEditInput } from "../types.ts";
import { mapOf, oneOrMany } from "./collections.ts";
import { leaf } from "./leaf.ts";
import { object, optional } from "./object.ts";
import { anyCase, FIELD_NAME } from "./patterns.ts";
import { type Looks, Refusal, REFUSED, type Schema } from "./run.ts";
import { fieldName, fieldTemplate } from "./values.ts";

/** A header name other than those of the connection, the framing and `more`. */
export const nameOtherThan = (...more: readonly string[]): Looks => ({
  pattern: FIELD_NAME,
  not: { pattern: anyCase(["content-length", ...HOP_BY_HOP, ...more]) },
});

const OWNED = "a header that an edit can change";

/** A header name that config may change: not framing, not hop-by-hop, not Host. */
export const editableName: Schema<string, string> = leaf(
  v.string(),
  OWNED,
  (given) => {
    const read = v.safeParse(fieldName, given);
    if (!read.success) return new Refusal("", fieldName.expects);
    const name = read.output;
    if (name === "host") return new Refusal("Host is set with the upstream's `host` or with `rewrite.host`");
    if (name === "content-length" || HOP_BY_HOP.has(name)) {
      return new Refusal("this one belongs to the connection or the framing, which the proxy decides");
    }
    return typeof given === "string" ? name : REFUSED;
  },
  nameOtherThan("host"),
);

const input = object<HeaderEditInput>("an object with set, append or remove")({
  set: optional(
    mapOf("an object of header names and values", editableName, fieldTemplate),
    "Headers that replace what is there. Values may hold variables.",
  ),
  append: optional(
    mapOf(
      "an object of header names and values",
      editableName,
      oneOrMany("a header value or a list of them", fieldTemplate),
    ),
    "Headers that are added beside what is there. Values may hold variables.",
  ),
  remove: optional(
    oneOrMany("a header name or a list of them", editableName),
    "Names of headers that are taken out.",
  ),
});

/** What to change on a header section. */
export const headerEdits: Schema<HeaderEditInput, HeaderEditConfig> = v.pipe(
  input,
  v.transform(({ set, append, remove }) => ({
    set: set ?? {},
    append: append ?? {},
    remove: remove ?? [],
  })),
);
