/** Request heads for tests of whatever looks at them. */
import type { RequestHead } from "../../src/core/arrival.ts";
import { readFields } from "../../src/http/read-fields.ts";

/** `GET /` with `fields` (name, value, …), and what `more` says otherwise. */
export const requestHead = (
  more: Partial<Omit<RequestHead, "fields" | "notes" | "refusal">> = {},
  fields: readonly string[] = ["Host", "example.com"],
): RequestHead => {
  const version = "version" in more ? more.version : "1.1";
  return {
    method: "GET",
    scheme: "http",
    target: "/",
    authority: undefined,
    ...more,
    version,
    fields,
    ...readFields(fields, version),
  };
};
