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
  /** The source paused. */
  readonly stalled: () => ProxyError;
  /** The reader paused. Left out where it may take its time. */
  readonly unread?: () => ProxyError;
  readonly tooLong: () => ProxyError;
  /** Once, when nothing more comes: undefined at a clean end, else why. */
  ended(error: unknown): void;
  /** Instead of `ended`: the reader wants no more, which says nothing about the source. */
  declined(): void;
}

/** Reads `source` only as fast as it is read itself. Errors, its own ones included, reach the reader. */
export const watchedBody = (source: BodySource, watch: BodyWatch): ReadableStream<Uint8Array> => {
  const { clock, idleMs, maxBytes, unread } = watch;
  let bytes = 0;
  let over = false;
  let stopTimer: Cancel = () => {};
  const close = (tell: () => void): void => {
    if (over) return;
    over = true;
    stopTimer();
    tell();
  };
  const breakOff = (controller: ReadableStreamDefaultController<Uint8Array>, error: unknown): void =>
    close(() => {
      watch.ended(error);
      controller.error(error);
      // Nobody waits for it: the body is given up already, and its failure to end says nothing new.
      source.cancel(error).catch(() => {});
    });
  /** Whoever has the turn may take `idleMs` for it. */
  const expectFrom = (
    controller: ReadableStreamDefaultController<Uint8Array>,
    late: (() => ProxyError) | undefined,
  ): void => {
    stopTimer();
    stopTimer =
      idleMs > 0 && late !== undefined ? clock.after(idleMs, () => breakOff(controller, late())) : () => {};
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        expectFrom(controller, unread);
      },
      async pull(controller) {
        expectFrom(controller, watch.stalled);
        try {
          const piece = await source.read();
          if (over) return;
          if (piece === undefined) {
            close(() => watch.ended(undefined));
            controller.close();
            return;
          }
          bytes += piece.byteLength;
          if (bytes > maxBytes) {
            breakOff(controller, watch.tooLong());
            return;
          }
          expectFrom(controller, unread);
          controller.enqueue(piece);
        } catch (error) {
          breakOff(controller, error);
        }
      },
      async cancel(reason) {
        // First, as what `declined` aborts can't be cancelled any more.
        const cancelled = source.cancel(reason).catch(() => {});
        close(() => watch.declined());
        await cancelled;
      },
    },
    { highWaterMark: 0 },
  );
};
