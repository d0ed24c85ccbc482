/** Requests that are sent once more. */
import type { Attempt } from "../../../src/core/exchange.ts";
import { IDEMPOTENT } from "../../../src/http/method.ts";
import type { Connection } from "./connection.ts";

/** RFC 9112 §9.3.1: the peer closed a kept connection just when it was used again. */
export const mayRepeat = ({ body, exchange }: Attempt, connection: Connection): boolean =>
  connection.carried > 0 &&
  !connection.intake.hasBegun &&
  body.kind === "none" &&
  IDEMPOTENT.has(exchange.arrival.method);
