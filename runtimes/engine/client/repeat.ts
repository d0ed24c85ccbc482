/** Requests that are sent once more, on a fresh connection. */
import type { Replay } from "../../../src/core/body.ts";
import type { Attempt } from "../../../src/core/exchange.ts";
import { IDEMPOTENT } from "../../../src/http/method.ts";
import { type ReplayBody, replayBody } from "../../../src/resilience/replay-body.ts";
import { byteSourceOf } from "../../../src/web/byte-source.ts";
import type { Connection } from "./connection.ts";

/** Content that arrives in pieces is kept up to this size, where no retry keeps it anyway. */
const KEPT_BYTES = 64 * 1024;

const isRepeatable = ({ exchange }: Attempt, connection: Connection): boolean =>
  connection.carried > 0 && IDEMPOTENT.has(exchange.arrival.method);

/** The content of `attempt`, kept for as long as `mayRepeat` may be asked; undefined where it is in memory or won't be repeated. */
export const keptBody = (attempt: Attempt, connection: Connection): ReplayBody | undefined => {
  const { body } = attempt;
  if (body.kind === "none" || body.kind === "bytes" || !isRepeatable(attempt, connection)) return undefined;
  if (body.kind === "native") {
    const { length, stream } = body;
    return replayBody({ kind: "stream", length, source: byteSourceOf(stream) }, KEPT_BYTES);
  }
  const { replay } = body.source;
  return replay === undefined ? replayBody(body, KEPT_BYTES) : ofRetry(replay);
};

/** Content that a retry layer keeps. It is not sealed here: the layer may need it for another attempt. */
const ofRetry = (replay: Replay): ReplayBody => ({
  next: () => replay.next(),
  get isReplayable() {
    return replay.isReplayable;
  },
  seal() {},
});

/** RFC 9112 §9.3.1: the peer closed a kept connection just when it was used again, and nothing came on it. */
export const mayRepeat = (attempt: Attempt, connection: Connection, kept: ReplayBody | undefined): boolean =>
  isRepeatable(attempt, connection) &&
  !connection.intake.hasBegun &&
  (kept === undefined || kept.isReplayable);
