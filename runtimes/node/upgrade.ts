/** Requests that offer another protocol. None is ever taken up, so they are requests like any other (RFC 9110 §7.8). */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { declaresContent } from "../../src/http/framing.ts";

const END_OF_HEAD = "\r\n\r\n";
const CR = 13;
const LF = 10;

/** The connection's parser, where Node keeps it. */
type ParsedSocket = Socket & { parser?: { getCurrentBuffer?: () => Buffer } | null };

/**
 * Whether bytes behind `incoming` may be lost: Node's parser stops where the other protocol would begin, and what else came
 * with the same read is thrown away. MUST be asked while the parser is at the end of the request's head.
 */
export const mayLoseWhatFollows = (incoming: IncomingMessage): boolean =>
  incoming.headers.upgrade !== undefined &&
  (declaresContent(incoming.rawHeaders) || !endsItsRead(incoming.socket));

/** Only one head ends in what was just read, with its last byte. A beginning in the middle of a head's end proves nothing. */
const endsItsRead = ({ parser }: ParsedSocket): boolean => {
  const read = parser?.getCurrentBuffer?.();
  if (read === undefined || read[0] === CR || read[0] === LF) return false;
  return read.indexOf(END_OF_HEAD) === read.length - END_OF_HEAD.length;
};
