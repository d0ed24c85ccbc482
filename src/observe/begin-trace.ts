/** Which trace an exchange belongs to, and whether it is recorded. */
import type { BeginTrace, ExchangeTrace } from "../core/exchange-trace.ts";
import type { Random } from "../core/platform.ts";
import { firstValue } from "../http/headers.ts";
import { type TraceParent, traceParentOf } from "../http/trace-context.ts";

export interface TraceRules {
  /** Share of the requests that are recorded, where no caller's context decides. */
  readonly sample: number;
  /** Whether a context that is taken over decides if the request is recorded. */
  readonly parentBased: boolean;
  /** Whose context is taken over. */
  readonly trust: "always" | "trusted" | "never";
  /** Lower-case name of the field with which a caller whose context is taken over has a request recorded. */
  readonly forceHeader: string | undefined;
}

/** A new request id is a trace id too, so that one id finds a request everywhere. */
const TRACE_ID = /^(?!0{32})[\da-f]{32}$/;

export const beginTrace = (rules: TraceRules, random: Pick<Random, "id">): BeginTrace => {
  const isChosen = ratioSampler(rules.sample);
  const mayForce = rules.trust !== "never" && rules.forceHeader !== undefined;
  return (fields, { id, isTrusted }) => {
    const isBelieved = rules.trust === "always" || (rules.trust === "trusted" && isTrusted);
    const parent = isBelieved ? traceParentOf(fields) : undefined;
    const traceId = parent?.traceId ?? (TRACE_ID.test(id) ? id : random.id());
    const isForced = mayForce && isBelieved && firstValue(fields, rules.forceHeader ?? "") !== undefined;
    const decided = rules.parentBased ? parent?.isSampled : undefined;
    const isSampled = isForced || (decided ?? isChosen(traceId));
    return isSampled ? recorded(traceId, parent, random) : unrecorded(traceId, parent);
  };
};

const recorded = (
  traceId: string,
  parent: TraceParent | undefined,
  random: Pick<Random, "id">,
): ExchangeTrace => ({
  traceId,
  spanId: spanId(random),
  parentId: parent?.parentId,
  isSampled: true,
  attemptId: () => spanId(random),
});

/** There is no span here, so upstreams get the caller's span as their parent. */
const unrecorded = (traceId: string, parent: TraceParent | undefined): ExchangeTrace => {
  const id = parent?.parentId ?? nonZero(traceId.slice(16));
  return { traceId, spanId: id, parentId: parent?.parentId, isSampled: false, attemptId: () => id };
};

const ZEROS = "0".repeat(16);
const nonZero = (id: string): string => (id === ZEROS ? "1".padStart(16, "0") : id);
const spanId = (random: Pick<Random, "id">): string => nonZero(random.id().slice(0, 16));

/** Digits of a trace id that are random (level 2 of the specification), less those that a number can't hold. */
const FIRST_RANDOM = 18;
const RANDOM_DIGITS = 13;
const RANDOM_VALUES = 16 ** RANDOM_DIGITS;

/**
 * Chooses by the trace id alone: services with the same share choose the same traces, and a larger share includes those of a
 * smaller one.
 */
const ratioSampler = (share: number): ((traceId: string) => boolean) => {
  if (share >= 1) return () => true;
  if (share <= 0) return () => false;
  const from = Math.min(Math.ceil((1 - share) * RANDOM_VALUES), RANDOM_VALUES - 1);
  const least = from.toString(16).padStart(RANDOM_DIGITS, "0");
  // Digit by digit, which needs no number: digits of both are lower-case, and the first one mostly decides.
  return (traceId) => {
    for (let index = 0; index < RANDOM_DIGITS; index += 1) {
      const difference = traceId.charCodeAt(FIRST_RANDOM + index) - least.charCodeAt(index);
      if (difference !== 0) return difference > 0;
    }
    return true;
  };
};
