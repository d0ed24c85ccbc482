/** Memory of pieces that a source has given away. */

/** Pieces from this size on are freed at once: left to the garbage collector, those of a long body pile up. */
const FREED_BYTES = 16 * 1024;

/** Whether freeing `piece`, of a source that gives its memory, is worth it. */
export const isFreed = (piece: Uint8Array): boolean => piece.byteLength >= FREED_BYTES;

/** Frees a piece whose memory nothing else refers to, once it has been written. */
export const free = ({ buffer }: Uint8Array): void => {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
};

/** Whether each read of a socket has memory of its own. TLS on Node cuts several pieces out of one. */
export const hasOwnReads = (socket: object): boolean => !("encrypted" in socket);
