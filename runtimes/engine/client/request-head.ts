/** The head of a request, as one string of which each character is a byte. */
import type { Attempt } from "../../../src/core/exchange.ts";
import type { HeaderEdits, HeaderPairs } from "../../../src/http/header-edits.ts";

/** How the end of the request's content is told: a number of bytes, chunks, or nothing where there is no content. */
export type SentLength = number | "chunked" | undefined;

export interface RequestHeadOptions {
  readonly length: SentLength;
  /** Asks the upstream to say `100 Continue` before the content is sent. */
  readonly expectsContinue: boolean;
  /** Says that no other request follows. */
  readonly closes: boolean;
  readonly forwarded: ForwardedLines;
}

/** Applies the attempt's edits to the client's fields on the way, as `editPairs` does. */
export const requestHead = (attempt: Attempt, options: RequestHeadOptions): string => {
  const { exchange, edits } = attempt;
  const { method, fields, notes } = exchange.arrival;
  let head = `${method} ${attempt.target} HTTP/1.1\r\nHost: ${attempt.host}\r\n`;
  head += options.forwarded.of(fields, attempt);
  const { add } = edits;
  for (let i = 0; i < add.length; i += 2) head += `${add[i] as string}: ${add[i + 1] as string}\r\n`;
  const { upgrade } = exchange;
  if (upgrade !== undefined) {
    head += `${notes.acceptsTrailers ? "Connection: Upgrade, TE" : "Connection: Upgrade"}\r\nUpgrade: ${upgrade}\r\n`;
  } else if (options.closes)
    head += notes.acceptsTrailers ? "Connection: close, TE\r\n" : "Connection: close\r\n";
  else if (notes.acceptsTrailers) head += "Connection: TE\r\n";
  // Trailers pass through this proxy, so whether the client takes any may be said (RFC 9110 §10.1.4).
  if (notes.acceptsTrailers) head += "TE: trailers\r\n";
  if (options.expectsContinue) head += "Expect: 100-continue\r\n";
  if (options.length === "chunked") return `${head}Transfer-Encoding: chunked\r\n\r\n`;
  return options.length === undefined ? `${head}\r\n` : `${head}Content-Length: ${options.length}\r\n\r\n`;
};

/** A list of fields as it was forwarded last, and what that depended on. */
interface Forwarded extends Pick<HeaderEdits, "drop" | "fallback"> {
  readonly alsoDrop: readonly string[];
  readonly lines: string;
}

/**
 * Forwarded fields as lines. Clients mostly repeat their fields byte for byte on a connection, and the server then hands out
 * the same list of them: so the lines are kept for as long as it lives.
 */
export class ForwardedLines {
  readonly #known = new WeakMap<HeaderPairs, Forwarded>();

  of(fields: HeaderPairs, attempt: Attempt): string {
    const { drop, fallback } = attempt.edits;
    const alsoDrop = attempt.exchange.drop;
    const known = this.#known.get(fields);
    if (
      known !== undefined &&
      known.drop === drop &&
      known.fallback === fallback &&
      known.alsoDrop === alsoDrop
    ) {
      return known.lines;
    }
    const lines = forwarded(fields, attempt);
    this.#known.set(fields, { drop, fallback, alsoDrop, lines });
    return lines;
  }
}

/** The client's fields less those that go, and what is added where it is absent. */
const forwarded = (fields: readonly string[], { edits, exchange }: Attempt): string => {
  const { drop, fallback } = edits;
  const alsoDrop = exchange.drop.length === 0 ? undefined : exchange.drop;
  const missing = fallback.length === 0 ? undefined : fallback.slice();
  let lines = "";
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const lower = name.toLowerCase();
    if (drop.has(lower) || alsoDrop?.includes(lower) === true) continue;
    lines += `${name}: ${fields[i + 1] as string}\r\n`;
    if (missing !== undefined) markPresent(missing, lower);
  }
  if (missing === undefined) return lines;
  for (let i = 0; i < missing.length; i += 2) {
    if (missing[i] !== "") lines += `${missing[i] as string}: ${missing[i + 1] as string}\r\n`;
  }
  return lines;
};

/** A name is never empty, so an emptied one is not missing any more. */
const markPresent = (missing: string[], lower: string): void => {
  for (let i = 0; i < missing.length; i += 2) if (missing[i] === lower) missing[i] = "";
};
