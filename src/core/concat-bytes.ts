/** Pieces of content as one. */

/** `pieces` one after the other; `length` is the sum of their lengths. */
export const concatBytes = (pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
};
