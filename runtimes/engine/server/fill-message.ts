/** Texts and content in one buffer, for one write. */
import type { Buffer } from "node:buffer";

/** Fills `message` with content between two texts of one byte a character. */
export const fillMessage = (message: Buffer, before: string, bytes: Uint8Array, after = ""): Buffer => {
  writeLatin1(before, message);
  message.set(bytes, before.length);
  if (after !== "") message.write(after, before.length + bytes.byteLength, "latin1");
  return message;
};

const encoder = new TextEncoder();

/** UTF-8 is latin1 for as long as it is ASCII, and Deno writes it in a quarter of the time. */
const writeLatin1 = (text: string, into: Buffer): void => {
  const { read, written } = encoder.encodeInto(text, into);
  if (read !== text.length || written !== text.length) into.write(text, 0, "latin1");
};
