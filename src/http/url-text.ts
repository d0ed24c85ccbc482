/** Parts of a URL as it is written, without building a `URL`. */

const SLASH = 47;
const QUESTION_MARK = 63;
const HASH = 35;

/**
 * Path and query. A fragment stays: no request line may have one, so whoever screens the target refuses it. A bare
 * target (`/a`, `*`), which some servers leave where they can't make sense of `Host`, is itself.
 */
export const targetOf = (url: string): string => {
  const scheme = url.indexOf("//");
  const start = scheme === -1 || url.charCodeAt(0) === SLASH ? 0 : scheme + 2;
  for (let i = start; i < url.length; i++) {
    const code = url.charCodeAt(i);
    if (code === SLASH) return url.slice(i);
    if (code === QUESTION_MARK || code === HASH) return `/${url.slice(i)}`;
  }
  return url.endsWith("*") ? "*" : "/";
};

/** Host, and port where it is written. */
export const authorityOf = (url: string): string => {
  const start = url.indexOf("//") + 2;
  for (let i = start; i < url.length; i++) {
    const code = url.charCodeAt(i);
    if (code === SLASH || code === QUESTION_MARK || code === HASH) return url.slice(start, i);
  }
  return url.slice(start);
};
