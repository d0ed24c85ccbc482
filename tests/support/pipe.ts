/** Named pipes. */
import { readSync } from "node:fs";
import { errorCode } from "../../runtimes/error-code.ts";

/** What a pipe, open as non-blocking, holds; `""` where that is nothing. */
export const waitingIn = (pipe: number): string => {
  const piece = new Uint8Array(64 * 1_024);
  try {
    return new TextDecoder().decode(piece.subarray(0, readSync(pipe, piece)));
  } catch (thrown) {
    if (errorCode(thrown) === "EAGAIN") return "";
    throw thrown;
  }
};
