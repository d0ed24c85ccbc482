/** A request from what somebody writes about it: method, URL and header fields. */
import type { RequestHead } from "../src/core/arrival.ts";
import { showValue } from "../src/config/problem.ts";
import { isFieldName, isFieldValue } from "../src/http/headers.ts";
import { readFields } from "../src/http/read-fields.ts";

export interface RequestDescription {
  readonly method: string;
  /** Whole: `https://example.com/path`. */
  readonly url: string;
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
}

/** Something in a description makes no request. */
export class DescriptionError extends TypeError {
  override readonly name = "DescriptionError";
  readonly part: "method" | "url" | "header";

  constructor(part: DescriptionError["part"], message: string) {
    super(message);
    this.part = part;
  }
}

/**
 * The request line and header section that an HTTP/1.1 client would send. The target stays as it was written.
 *
 * @throws DescriptionError whose message holds no values of header fields.
 */
export const requestHead = ({ method, url, headers = [] }: RequestDescription): RequestHead => {
  if (!isFieldName(method)) throw new DescriptionError("method", `"${method}" is not a method`);
  const parts = /^(https?):\/\/([^/?#]+)([^#]*)/i.exec(url);
  if (parts === null) throw new DescriptionError("url", `${showValue(url)} is not a whole URL`);
  for (const [name, value] of headers) {
    if (!isFieldName(name)) throw new DescriptionError("header", `"${name}" is not a name of a header field`);
    if (!isFieldValue(value)) throw new DescriptionError("header", `the value of ${name} can't be sent`);
  }
  const [, scheme = "http", authority = "", rest = ""] = parts;
  const named = headers.some(([name]) => name.toLowerCase() === "host");
  const fields = [...(named ? [] : ["host", authority]), ...headers.flat()];
  return {
    method,
    scheme: scheme.toLowerCase() === "https" ? "https" : "http",
    target: onTheWire(rest.startsWith("/") ? rest : `/${rest}`),
    authority: undefined,
    version: "1.1",
    fields,
    ...readFields(fields, "1.1"),
  };
};

/** A request target is ASCII: clients send other text as escaped UTF-8. */
const onTheWire = (text: string): string =>
  text.replaceAll(/[\u0080-\uffff]+/g, (foreign) => encodeURIComponent(foreign.toWellFormed()));
