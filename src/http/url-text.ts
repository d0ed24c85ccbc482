/** Parts of a URL as it is written, without building a `URL`. */

const SLASH = 47;
const QUESTION_MARK = 63;
const HASH = 35;

/**
 * Path and query of an `http` or `https` URL. A fragment stays: no request line may have one, so whoever screens the
 * target refuses it. Anything else is returned whole: some servers leave a bare target (`/a`, `*`) where they can't make
 * sense of `Host`, or whatever the request line held; only the screening tells which of that is a target.
 */
export const targetOf = (url: string): string => {
  const start = url.startsWith("http://") ? 7 : url.startsWith("https://") ? 8 : url.length;
  if (start === url.length) return url;
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
