/** Small content taken whole where it comes at once, and piece by piece where it doesn't. */
import type { Clock } from "../../src/core/platform.ts";
import type { BodySource } from "./watched-body.ts";

/** Content that is not complete by then goes out as it comes. */
const PATIENCE_MS = 10;

/**
 * The pieces of the `length` bytes of `source`, or, when they take longer than a moment, a source of the same bytes.
 * Rejects when reading fails.
 */
export const gather = async (
  source: BodySource,
  length: number,
  clock: Clock,
): Promise<readonly Uint8Array[] | BodySource> => {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  let stop = (): void => {};
  const patience = new Promise<"late">((resolve) => {
    stop = clock.after(PATIENCE_MS, () => resolve("late"));
  });
  try {
    while (bytes < length) {
      const reading = source.read();
      const piece = await Promise.race([reading, patience]);
      if (piece === "late") return replayed(pieces, reading, source);
      if (piece === undefined) throw new Error(`content ended after ${bytes} of ${length} bytes`);
      pieces.push(piece);
      bytes += piece.byteLength;
    }
  } finally {
    stop();
  }
  return pieces;
};

const replayed = (
  pieces: Uint8Array[],
  reading: Promise<Uint8Array | undefined>,
  source: BodySource,
): BodySource => {
  let next: Promise<Uint8Array | undefined> | undefined = reading;
  // Its failure reaches whoever reads on; until then nobody may be listening.
  reading.catch(() => {});
  return {
    read() {
      const piece = pieces.shift();
      if (piece !== undefined) return Promise.resolve(piece);
      const read = next ?? source.read();
      next = undefined;
      return read;
    },
    cancel: (reason) => source.cancel(reason),
  };
};

/** All of `pieces` as one. */
export const joined = (pieces: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> => {
  const [first] = pieces;
  // What came from a connection is never memory shared between threads.
  if (first?.byteLength === bytes) return first as Uint8Array<ArrayBuffer>;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
};
