/** Changes to a response that some handler built already. */
import type { Context } from "hono";
import { type HeaderEdits, editHeaders } from "../src/http/header-edits.ts";
import { responseEditsApplied } from "./context.ts";

/**
 * Applies `edits` to `c.res` unless the handler did so already. A response with immutable headers, such as one
 * that came from fetch, is copied first; its body is passed on untouched.
 */
export const editResponse = (c: Context, edits: HeaderEdits): void => {
  if (responseEditsApplied(c)) return;
  // A switch of protocols is no response that could be rebuilt.
  if (c.res.status === 101) return;
  try {
    editHeaders(c.res.headers, edits);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const copy = new Response(c.res.body, c.res);
    editHeaders(copy.headers, edits);
    replaceResponse(c, copy);
  }
};

/** Assigns twice, since Hono merges the headers of the response before into the one that follows. */
const replaceResponse = (c: Context, response: Response): void => {
  c.res = undefined;
  c.res = response;
};

/** Puts `response` in the place of the one that is there, whose body nobody will read. */
export const answerInstead = async (c: Context, response: Response): Promise<void> => {
  const { body } = c.res;
  replaceResponse(c, response);
  if (body !== null && !body.locked) await body.cancel();
};
