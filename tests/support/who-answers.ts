/** Origins that say which of them answers. */
import type { OriginScript } from "./raw-origin.ts";
import type { RequestParts, Stage } from "./suite.ts";

/** Each origin answers with its number once it has the request's content, except those that have a script in `others`. */
export const nameOrigins = (stage: Stage, others: Readonly<Record<number, OriginScript>> = {}): void => {
  stage.origins.forEach((origin, index) => {
    origin.script(
      others[index] ??
        (async (exchange) => {
          await exchange.body();
          await exchange.respond(200, {}, String(index));
        }),
    );
  });
};

/** Number of the origin that answers; fails where the proxy does. */
export const whoAnswers = async (stage: Stage, target: string, parts: RequestParts = {}): Promise<number> => {
  const { status, text } = await stage.request(target, parts);
  if (status !== 200) throw new Error(`${target} was answered ${status} ${text}`);
  return Number(text);
};

/** The same for `count` requests, one after the other. */
export const whoAnswerAll = async (
  stage: Stage,
  target: string,
  count: number,
  parts: RequestParts = {},
): Promise<readonly number[]> => {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push(await whoAnswers(stage, target, parts));
  return found;
};

/** A 503 once the request's content is there. */
export const unavailable: OriginScript = async (exchange) => {
  await exchange.body();
  await exchange.respond(503);
};

/** A reset once the request's content is there. */
export const resets: OriginScript = async (exchange) => {
  await exchange.body();
  exchange.wire.reset();
};

const PATIENCE_MS = 8_000;

/** Asks until `found` is true of the last `count` answers. */
export const askUntil = async <T>(
  ask: () => Promise<T>,
  count: number,
  found: (answers: readonly T[]) => boolean,
): Promise<void> => {
  const answers: T[] = [];
  const endsAt = performance.now() + PATIENCE_MS;
  for (;;) {
    answers.push(await ask());
    const last = answers.slice(-count);
    if (last.length === count && found(last)) return;
    if (performance.now() > endsAt) throw new Error(`the last answers were ${JSON.stringify(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
