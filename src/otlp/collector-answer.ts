/** What a collector says of a request that it has accepted. It comes from outside and may be anything. */

/**
 * Items that it did not take, at most `items`; undefined where the answer can't be read.
 *
 * @param read finds the number in the answer. May throw.
 * @param items of the request.
 */
export const rejectedItems = (
  answer: Uint8Array,
  read: (answer: Uint8Array) => unknown,
  items: number,
): number | undefined => {
  let found: unknown;
  try {
    found = read(answer) ?? 0;
  } catch {
    return undefined;
  }
  // JSON has 64-bit numbers as text.
  const count = typeof found === "string" && /^\d+$/.test(found) ? Number(found) : found;
  return typeof count === "number" && Number.isInteger(count) && count >= 0
    ? Math.min(count, items)
    : undefined;
};

/** One of OpenTelemetry's serializers for protobuf. */
interface ProtobufSerializer<Name extends string> {
  deserializeResponse(answer: Uint8Array): {
    readonly partialSuccess?: { readonly [Key in Name]?: unknown } | undefined;
  };
}

/**
 * Finds the number called `name` in the `partialSuccess` of an answer, which has the encoding of the request.
 *
 * @returns a function that throws where the answer can't be read.
 */
export const rejectedReader =
  <Name extends string>(isJson: boolean, protobuf: ProtobufSerializer<Name>, name: Name) =>
  (answer: Uint8Array): unknown =>
    isJson ? rejectedInJson(answer, name) : protobuf.deserializeResponse(answer).partialSuccess?.[name];

const rejectedInJson = (answer: Uint8Array, name: string): unknown => {
  if (answer.length === 0) return undefined;
  const message: unknown = JSON.parse(new TextDecoder().decode(answer));
  return memberOf(memberOf(message, "partialSuccess") ?? {}, name);
};

const memberOf = (value: unknown, name: string): unknown => {
  if (typeof value !== "object" || value === null) throw new TypeError("no object");
  return (value as Readonly<Record<string, unknown>>)[name];
};
