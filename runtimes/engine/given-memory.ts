/** Memory of pieces that a source has given away. */

/** Pieces from this size on are freed at once: left to the garbage collector, those of a long body pile up. */
const FREED_BYTES = 16 * 1024;

/** Whether freeing `piece`, of a source that gives its memory, is worth it. */
export const isFreed = (piece: Uint8Array): boolean => piece.byteLength >= FREED_BYTES;

/** Memory that other reads, of any socket, may have a part of. */
const shared: WeakSet<ArrayBufferLike> = new WeakSet();

/**
 * Called with each read before it is split. Node may put the next read of a TLS connection into the same buffer, behind this one:
 * freeing that buffer would crash the process.
 */
export const noteRead = ({ byteLength, buffer }: Uint8Array): void => {
  if (byteLength >= FREED_BYTES && byteLength !== buffer.byteLength) shared.add(buffer);
};

/** Frees a piece whose memory nothing else refers to, once it has been written. */
export const free = ({ buffer }: Uint8Array): void => {
  if (buffer instanceof ArrayBuffer && !shared.has(buffer)) buffer.transfer(0);
};

/** For the write of `piece`: frees it, but not after a failure, when it may still be under way. */
export const freeWhenWritten =
  (piece: Uint8Array) =>
  (error?: Error | null): void => {
    if (!error) free(piece);
  };

/** Whether each read of a socket has memory of its own. TLS on Node cuts several pieces out of one. */
export const hasOwnReads = (socket: object): boolean => !("encrypted" in socket);
