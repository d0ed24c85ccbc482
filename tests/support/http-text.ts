/** A small HTTP/1.1 reader that forgives nothing (RFC 9112): what it reads is well-formed, else it throws. */

export class Malformed extends Error {
  override readonly name = "Malformed";
}

/** Header fields in the order they came, names as sent. */
export class Fields {
  readonly list: readonly (readonly [name: string, value: string])[];

  constructor(list: readonly (readonly [string, string])[]) {
    this.list = list;
  }

  all(name: string): string[] {
    const lower = name.toLowerCase();
    return this.list.filter(([key]) => key.toLowerCase() === lower).map(([, value]) => value);
  }

  /** The only value; undefined when absent; repeated fields are joined as RFC 9110 §5.2 says. */
  get(name: string): string | undefined {
    const values = this.all(name);
    return values.length === 0 ? undefined : values.join(", ");
  }

  get names(): string[] {
    return this.list.map(([name]) => name.toLowerCase());
  }
}

export interface RequestText {
  readonly method: string;
  readonly target: string;
  readonly fields: Fields;
}

export interface ResponseText {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
}

const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/1\.1$/;
const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) ?([\t\x20-\x7e\x80-\xff]*)$/;

const splitLines = (section: string): string[] => {
  const lines = section.split("\r\n");
  for (const line of lines) {
    if (/[\r\n\0]/.test(line)) throw new Malformed(`stray control character in ${JSON.stringify(line)}`);
  }
  return lines;
};

export const parseFields = (lines: readonly string[]): Fields =>
  new Fields(
    lines.map((line) => {
      const match = FIELD.exec(line);
      if (match === null) throw new Malformed(`not a header field: ${JSON.stringify(line)}`);
      return [match[1] ?? "", match[2] ?? ""] as const;
    }),
  );

export const parseRequestHead = (section: string): RequestText => {
  const [line = "", ...rest] = splitLines(section);
  const match = REQUEST_LINE.exec(line);
  if (match === null) throw new Malformed(`not a request line: ${JSON.stringify(line)}`);
  return { method: match[1] ?? "", target: match[2] ?? "", fields: parseFields(rest) };
};

export const parseResponseHead = (section: string): ResponseText => {
  const [line = "", ...rest] = splitLines(section);
  const match = STATUS_LINE.exec(line);
  if (match === null) throw new Malformed(`not a status line: ${JSON.stringify(line)}`);
  return { status: Number(match[1]), reason: match[2] ?? "", fields: parseFields(rest) };
};

/** How a message's end is known: by nothing to come, a length, chunks, or the connection's end. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

const declared = (fields: Fields): Framing | undefined => {
  const codings = fields.all("transfer-encoding");
  const lengths = fields.all("content-length");
  if (codings.length > 0 && lengths.length > 0)
    throw new Malformed("both Transfer-Encoding and Content-Length");
  if (codings.length > 0) {
    if (codings.length !== 1 || codings[0]?.toLowerCase() !== "chunked") {
      throw new Malformed(`Transfer-Encoding ${JSON.stringify(codings)}`);
    }
    return { kind: "chunked" };
  }
  if (lengths.length === 0) return undefined;
  if (lengths.length !== 1 || !/^\d+$/.test(lengths[0] ?? "")) {
    throw new Malformed(`Content-Length ${JSON.stringify(lengths)}`);
  }
  return { kind: "length", bytes: Number(lengths[0]) };
};

export const requestFraming = (head: RequestText): Framing => declared(head.fields) ?? { kind: "none" };

export const responseFraming = (head: ResponseText, method: string): Framing => {
  const framing = declared(head.fields);
  const bodiless = method === "HEAD" || head.status === 204 || head.status === 304 || head.status < 200;
  if (bodiless) return { kind: "none" };
  return framing ?? { kind: "close" };
};
