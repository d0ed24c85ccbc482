/** Which bodies are worth watching for pauses. */
import type { AttemptTimeouts } from "../../src/core/endpoint.ts";

/**
 * Whether somebody set the idle time-out: a chosen one is the same for event streams and everything else, the
 * defaults differ.
 *
 * Watching a body means copying it in JavaScript, which costs up to three times of what the runtime's own
 * copying does. That is a fair price for a limit somebody asked for, not for a default.
 */
export const isIdleChosen = ({ idleMs, eventStreamIdleMs }: AttemptTimeouts): boolean =>
  idleMs === eventStreamIdleMs && idleMs > 0;

/** Whether `contentType` is `text/event-stream`, parameters aside. */
export const isEventStream = (contentType: string | null): boolean =>
  contentType !== null && /^text\/event-stream(?:\s*;|\s*$)/i.test(contentType);

/** A limit of 0 is none. */
export const orForEver = (ms: number): number => (ms === 0 ? Number.POSITIVE_INFINITY : ms);
