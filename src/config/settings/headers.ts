/** Header edits, and which headers can't be edited. */
import { HOP_BY_HOP } from "../../http/headers.ts";
import { mapOf, oneOrMany } from "../schema/collections.ts";
import { named, object, defaulted } from "../schema/object.ts";
import { anyCase } from "../schema/patterns.ts";
import type { Schema } from "../schema/schema.ts";
import { fieldName, fieldTemplate, HEADER_NAME } from "../schema/values.ts";

const OWNED = ["content-length", ...HOP_BY_HOP];

const againstOwned = (name: string): string | undefined =>
  OWNED.includes(name)
    ? "this one belongs to the connection or the framing, which the proxy decides"
    : undefined;

/** A header name that an answer of the proxy's own may have. */
export const answerName: Schema<string> = fieldName(HEADER_NAME, againstOwned, {
  not: { pattern: anyCase(OWNED) },
});

/** A header name that config may change: not framing, not hop-by-hop, not Host. */
export const editableName: Schema<string> = fieldName(
  "a header that an edit can change",
  (name) =>
    name === "host" ? "Host is set with the upstream's `host` or with `rewrite.host`" : againstOwned(name),
  { not: { pattern: anyCase([...OWNED, "host"]) } },
);

/** Headers by their names, of which credentials are secret. */
export const headersOf = <Output>(
  name: Schema<string>,
  value: Schema<Output>,
): Schema<Readonly<Record<string, Output>>> =>
  mapOf("an object of header names and values", name, value, { credentials: true });

const values = oneOrMany("a header value or a list of them", fieldTemplate);

/** What to change on a header section. */
export const headerEdits: Schema = object(
  named("HeaderEditConfig", { expects: "an object with set, append or remove" }),
  {
    set: defaulted(
      headersOf(editableName, fieldTemplate),
      {},
      "Headers that replace what is there. Values may hold variables.",
    ),
    append: defaulted(
      headersOf(editableName, values),
      {},
      "Headers that are added beside what is there. Values may hold variables.",
    ),
    remove: defaulted(
      oneOrMany("a header name or a list of them", editableName, 0),
      [],
      "Names of headers that are taken out.",
    ),
  },
);
