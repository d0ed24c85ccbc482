/** Hashes of texts and numbers, the same on every machine. Not for secrets. */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const GOLDEN_RATIO = 0x9e3779b9;

/** Spreads 32 bits over 32 bits (the finaliser of MurmurHash3). */
const mix = (value: number): number => {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** 32 bits of a text: FNV-1a over its UTF-16 units, finalised. */
export const hashText = (text: string): number => {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return mix(hash);
};

/** The hash of a hash and a number: a family of independent hashes. */
export const hashPair = (hash: number, other: number): number => mix(hash ^ mix((other + GOLDEN_RATIO) | 0));

/** A hash as a number in [0, 1). */
export const fraction = (hash: number): number => hash / 0x1_0000_0000;
