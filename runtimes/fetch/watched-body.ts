/**
 * A body that is looked at on its way: its length, its pauses, its end. Costs a runtime its own copying, so
 * only those bodies are wrapped that need it.
 */
import type { ProxyError } from "../../src/core/errors.ts";
import type { Cancel, Clock } from "../../src/core/platform.ts";

export interface BodyWatch {
  readonly clock: Clock;
  /** Longest pause between two pieces, in milliseconds; 0 is no limit. */
  readonly idleMs: number;
  /** Infinity is no limit. */
  readonly maxBytes: number;
  stalled(): ProxyError;
  tooLong(): ProxyError;
  /** Once, when nothing more comes: undefined at a clean end, else why. */
  ended(error: unknown): void;
}

/** Reads `source` only as fast as it is read itself. Errors, its own ones included, reach the reader. */
export const watchedBody = (
  source: ReadableStream<Uint8Array>,
  watch: BodyWatch,
): ReadableStream<Uint8Array> => {
  const reader = source.getReader();
  const { clock, idleMs, maxBytes } = watch;
  let bytes = 0;
  let over = false;
  const end = (error: unknown): void => {
    if (over) return;
    over = true;
    watch.ended(error);
  };
  const breakOff = (controller: ReadableStreamDefaultController<Uint8Array>, error: unknown): void => {
    if (over) return;
    end(error);
    controller.error(error);
    // Nobody waits for it: the body is given up already, and its failure to end says nothing new.
    reader.cancel(error).catch(() => {});
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // The pause that counts is the source's, not the reader's: the timer runs only while a read is pending.
        const stop: Cancel =
          idleMs > 0 ? clock.after(idleMs, () => breakOff(controller, watch.stalled())) : () => {};
        try {
          const { done, value } = await reader.read();
          if (over) return;
          if (done) {
            end(undefined);
            controller.close();
            return;
          }
          bytes += value.byteLength;
          if (bytes > maxBytes) breakOff(controller, watch.tooLong());
          else controller.enqueue(value);
        } catch (error) {
          breakOff(controller, error);
        } finally {
          stop();
        }
      },
      cancel(reason) {
        end(reason ?? new Error("cancelled"));
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
};
