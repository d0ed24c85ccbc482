/**
 * A body that is looked at on its way: its length, its pauses, its end. Costs a runtime its own copying, so
 * only those bodies are wrapped that need it.
 */
import type { ProxyError } from "../../src/core/errors.ts";
import type { Cancel, Clock } from "../../src/core/platform.ts";

/** Where pieces come from, one read at a time. */
export interface BodySource {
  /** Undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  cancel(reason: unknown): Promise<void>;
}

/** Locks `stream`. */
export const sourceOf = (stream: ReadableStream<Uint8Array>): BodySource => {
  const reader = stream.getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel: (reason) => reader.cancel(reason),
  };
};

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
export const watchedBody = (source: BodySource, watch: BodyWatch): ReadableStream<Uint8Array> => {
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
    source.cancel(error).catch(() => {});
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // The pause that counts is the source's, not the reader's: the timer runs only while a read is pending.
        const stop: Cancel =
          idleMs > 0 ? clock.after(idleMs, () => breakOff(controller, watch.stalled())) : () => {};
        try {
          const piece = await source.read();
          if (over) return;
          if (piece === undefined) {
            end(undefined);
            controller.close();
            return;
          }
          bytes += piece.byteLength;
          if (bytes > maxBytes) breakOff(controller, watch.tooLong());
          else controller.enqueue(piece);
        } catch (error) {
          breakOff(controller, error);
        } finally {
          stop();
        }
      },
      cancel(reason) {
        // First, as what `end` aborts can't be cancelled any more.
        const cancelled = source.cancel(reason);
        end(reason ?? new Error("cancelled"));
        return cancelled;
      },
    },
    { highWaterMark: 0 },
  );
};
