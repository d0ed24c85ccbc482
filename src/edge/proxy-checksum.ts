/** The checksum of a PROXY protocol header, version 2 (§2.2.3): CRC-32C (RFC 9260, appendix A) over all of it. */

const CRC32C_TYPE = 0x03;
/** Castagnoli's polynomial, lowest bit first. */
const POLYNOMIAL = 0x82f63b78;
/** Type and length of a TLV. */
const TLV_HEAD_BYTES = 3;
const CRC_BYTES = 4;

/** Indices of the values of checksums among the TLVs from `from` on. */
const checksumsIn = (header: Uint8Array, from: number): readonly number[] => {
  const found: number[] = [];
  for (let at = from; at + TLV_HEAD_BYTES <= header.length;) {
    const length = ((header[at + 1] ?? 0) << 8) | (header[at + 2] ?? 0);
    if (header[at] === CRC32C_TYPE) found.push(length === CRC_BYTES ? at + TLV_HEAD_BYTES : -1);
    at += TLV_HEAD_BYTES + length;
  }
  return found;
};

/** Whether the well-formed TLVs from `from` on hold a checksum. */
export const hasChecksum = (header: Uint8Array, from: number): boolean =>
  checksumsIn(header, from).length > 0;

/** Whether `header` has one checksum, which is right. It is computed with zeros in its own place. */
export const isIntact = (header: Uint8Array, from: number): boolean => {
  const [at = -1, ...more] = checksumsIn(header, from);
  if (at === -1 || more.length > 0) return false;
  const expected = new DataView(header.buffer, header.byteOffset + at, CRC_BYTES).getUint32(0);
  const zeroed = header.slice();
  zeroed.fill(0, at, at + CRC_BYTES);
  return crc32c(zeroed) === expected;
};

/** Bit by bit: a header with a checksum is short, and a table would be made for nearly nobody. */
export const crc32c = (bytes: Uint8Array): number => {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
};
