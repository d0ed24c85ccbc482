/** Changes to a response that some handler built already. */
import type { Context } from "hono";
import { type HeaderEdits, type HeaderPairs, editHeaders, withoutNames } from "../src/http/header-edits.ts";
import { type WantedEdits, findShared, sharedOf } from "./context.ts";

/** Edits one after the other, and then fields to add. */
export interface EditsInTurn {
  readonly edits: readonly HeaderEdits[];
  readonly fields: HeaderPairs;
}

const NO_EDITS: EditsInTurn = Object.freeze({ edits: [], fields: [] });

/**
 * What a handler itself wants done to its response, and then what middleware around it wants, the innermost first:
 * the order in which they would come upon the response one after the other.
 */
export const editsInTurn = (
  outermostFirst: readonly WantedEdits[],
  own: EditsInTurn = NO_EDITS,
): EditsInTurn => {
  const edits = [...own.edits];
  let { fields } = own;
  for (const wanted of outermostFirst.toReversed()) {
    const kept = withoutNames(fields, wanted.edits.drop);
    edits.push(givingWayTo(kept, wanted.edits));
    fields = [...kept, ...wanted.fields];
  }
  return { edits, fields };
};

/** `edits`, less fallbacks for what is among `fields`: these come last, but are there already for whoever stands outside. */
const givingWayTo = (fields: HeaderPairs, edits: HeaderEdits): HeaderEdits => {
  const names = new Set(fields.filter((_, index) => index % 2 === 0));
  const fallback = withoutNames(edits.fallback, names);
  return fallback.length === edits.fallback.length ? edits : { ...edits, fallback };
};

/** @throws TypeError when `headers` is immutable, as those of a fetched `Response` are. */
export const applyEdits = (headers: Headers, { edits, fields }: EditsInTurn): void => {
  for (const each of edits) editHeaders(headers, each);
  for (let i = 0; i < fields.length; i += 2) headers.append(fields[i] ?? "", fields[i + 1] ?? "");
};

/** A response with immutable headers, such as one that came from fetch, is copied; its body is passed on untouched. */
const withEdits = (response: Response, edits: EditsInTurn): Response => {
  try {
    applyEdits(response.headers, edits);
    return response;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const copy = new Response(response.body, response);
    applyEdits(copy.headers, edits);
    return copy;
  }
};

/** Edits `c.res` as `wanted` says unless whoever built it did so already. Applied twice, edits change nothing more. */
export const editResponse = (c: Context, { edits, fields }: WantedEdits): void => {
  const { res } = c;
  // A switch of protocols is no response that could be rebuilt.
  if (sharedOf(c).edited === res || res.status === 101) return;
  const edited = withEdits(res, { edits: [edits], fields });
  if (edited !== res) replaceResponse(c, edited);
};

/** `response` with everything that middleware around this wants, which leaves it alone then. */
export const withWantedEdits = (c: Context, response: Response): Response => {
  const shared = findShared(c);
  if (shared === undefined) return response;
  const edited = withEdits(response, editsInTurn(shared.wanted));
  shared.edited = edited;
  return edited;
};

/** Assigns twice, since Hono merges the headers of the response before into the one that follows. */
const replaceResponse = (c: Context, response: Response): void => {
  c.res = undefined;
  c.res = response;
};

/** Puts `response` in the place of the one that is there, whose body nobody will read. */
export const answerInstead = async (c: Context, response: Response): Promise<void> => {
  const body = c.finalized ? c.res.body : null;
  replaceResponse(c, response);
  if (body !== null && !body.locked) await body.cancel();
};

/** Fields that speak of a representation, and so of no other response than their own. */
const describesContent = (name: string): boolean =>
  (name.startsWith("content-") && !name.startsWith("content-security-policy")) ||
  ["accept-ranges", "etag", "last-modified", "transfer-encoding"].includes(name);

/** Adds what was set for the response before (CORS fields, cookies) and is not in `response`. */
export const keepFieldsSoFar = (c: Context, response: Response): Response => {
  const before: string[] = [];
  for (const [name, value] of c.newResponse(null).headers) {
    if (!describesContent(name) && !response.headers.has(name)) before.push(name, value);
  }
  return withEdits(response, { edits: [], fields: before });
};
