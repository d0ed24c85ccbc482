/** Media types (RFC 9110 §8.3.1) against a list of accepted ones. */

const essenceOf = (contentType: string): string => {
  const semicolon = contentType.indexOf(";");
  return (semicolon === -1 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
};

/**
 * A test for `Content-Type` values. Parameters and case don't matter; content without a type counts as
 * `application/octet-stream` (RFC 9110 §8.3).
 *
 * @param accepted `application/json`, or a whole family: `text/*`.
 */
export const mediaTypeTest = (
  accepted: readonly string[],
): ((contentType: string | undefined) => boolean) => {
  const types = new Set(accepted.map((type) => type.trim().toLowerCase()));
  const any = types.has("*/*");
  return (contentType) => {
    if (any) return true;
    const essence = contentType === undefined ? "application/octet-stream" : essenceOf(contentType);
    return types.has(essence) || types.has(`${essence.slice(0, essence.indexOf("/"))}/*`);
  };
};

/** Whether a `Content-Type` is `text/event-stream`, parameters aside. */
export const isEventStream = (contentType: string | null | undefined): boolean =>
  typeof contentType === "string" && /^text\/event-stream(?:\s*;|\s*$)/i.test(contentType);
