/** Elements of DER (X.690 §8.1), as far as certificates need them. */

export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

/**
 * The element at `at`.
 *
 * @throws TypeError where there is none, or it ends behind `bytes`.
 */
export const readElement = (bytes: Uint8Array, at: number): DerElement => {
  const [tag = -1, first = -1] = bytes.subarray(at, at + 2);
  // Certificates have no tags of several bytes, and no element of 16 MiB.
  const sizeBytes = first < 0x80 ? 0 : first & 0x7f;
  if (tag === -1 || (tag & 0x1f) === 0x1f || first === -1 || first === 0x80 || sizeBytes > 3) {
    throw new TypeError("malformed DER");
  }
  const from = at + 2 + sizeBytes;
  const size =
    sizeBytes === 0 ? first : bytes.subarray(at + 2, from).reduce((sum, byte) => sum * 256 + byte, 0);
  const end = from + size;
  if (end > bytes.length) throw new TypeError("malformed DER");
  return { tag, content: bytes.subarray(from, end), whole: bytes.subarray(at, end) };
};

/** The elements within a constructed one. Throws as `readElement` does. */
export const childrenOf = ({ content }: DerElement): readonly DerElement[] => {
  const children: DerElement[] = [];
  for (let at = 0; at < content.length;) {
    const child = readElement(content, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
};
