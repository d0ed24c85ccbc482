/** OpenTelemetry's `url.full` of an attempt. */
import type { Endpoint } from "../core/endpoint.ts";
import type { Exchange } from "../core/exchange.ts";
import { MASK } from "./query-masking.ts";
import type { Redaction } from "./redaction.ts";

/** What of an `Attempt` its URL is made of. */
interface Sent {
  readonly endpoint: Pick<Endpoint, "origin">;
  readonly exchange: Pick<Exchange, "target" | "params">;
  readonly target: string;
}

/**
 * Where an attempt was sent, with what the client asked for masked as in logs. Base paths and rewrites may hold secrets of the
 * config: what of the path is not the client's is one masked segment.
 */
export const sentUrl = ({ endpoint: { origin }, exchange, target }: Sent, redaction: Redaction): string => {
  const asked = exchange.target;
  const rest = commonEnd(target, asked);
  const shown = redaction.target({ target: asked, routedTarget: asked, params: exchange.params });
  const front = asked.slice(0, asked.length - rest.length);
  // A masked value may begin in the front and end behind it.
  if (rest === "" || !shown.startsWith(front)) return `${origin}/${MASK}`;
  const added = rest.length === target.length ? "" : `/${MASK}`;
  return origin + added + shown.slice(front.length);
};

/** What both targets end with, from the beginning of a segment of their paths on; `""` for nothing. */
const commonEnd = (a: string, b: string): string => {
  let length = 0;
  while (length < a.length && length < b.length && a.at(-1 - length) === b.at(-1 - length)) length += 1;
  const slash = a.indexOf("/", a.length - length);
  const end = slash === -1 ? "" : a.slice(slash);
  const isInPath = [a, b].every((target) => !target.slice(0, target.length - end.length).includes("?"));
  return isInPath ? end : "";
};
