/** Changes to a response that some handler built already. */
import type { Context, Next } from "hono";
import { type EditHeaders, rememberEdit, rememberedEdits } from "./context.ts";

/** Runs what is behind, and then applies `edit` to its response. */
export const editAfterwards = async (c: Context, next: Next, edit: EditHeaders): Promise<void> => {
  rememberEdit(c, edit);
  await next();
  editResponse(c, edit);
};

/**
 * Applies to `response` what middleware around and behind would have done to it. For what was thrown past them: they are not
 * asked then.
 */
export const withRememberedEdits = (c: Context, response: Response): Response =>
  withEdits(response, (headers) => {
    for (const edit of rememberedEdits(c)) edit(headers);
  });

/**
 * Applies `edit` to the headers of `c.res`. A response whose headers are immutable, such as one that came from fetch, is
 * copied; its body is passed on untouched.
 */
const editResponse = (c: Context, edit: EditHeaders): void => {
  const { res } = c;
  // A switch of protocols is no response that could be rebuilt.
  if (res.status === 101) return;
  const edited = withEdits(res, edit);
  if (edited !== res) replaceResponse(c, edited);
};

const withEdits = (response: Response, edit: EditHeaders): Response => {
  try {
    edit(response.headers);
    return response;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const copy = new Response(response.body, response);
    edit(copy.headers);
    return copy;
  }
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

/**
 * Adds what was set for the response before (CORS fields, cookies, what other middleware added to an answer that this one
 * replaces) and is not in `response`.
 */
export const keepFieldsSoFar = (c: Context, response: Response): Response => {
  const before: [string, string][] = [];
  for (const [name, value] of c.newResponse(null).headers) {
    if (!describesContent(name) && !response.headers.has(name)) before.push([name, value]);
  }
  return withEdits(response, (headers) => {
    for (const [name, value] of before) headers.append(name, value);
  });
};
