/** A log file, rotated by size where the config says so. */
import { close, fstat, open, openSync, write } from "node:fs";
import { rename } from "node:fs/promises";
import { promisify } from "node:util";
import type { LogTarget } from "../../../src/core/log-output.ts";
import { errorCode } from "../../error-code.ts";
import type { LogDevice } from "./buffered-output.ts";

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);

/** Its group may read it, others may not. */
const MODE = 0o640;

export class FileDevice implements LogDevice {
  readonly isTerminal = false;
  /** Longer than for streams: each write takes a thread of the runtime, and files are read later. */
  readonly gatherMs = 100;
  readonly #path: string;
  /** When it is rotated. */
  rotate: LogTarget["rotate"];
  /** Undefined while it is closed. */
  #fd: number | undefined;
  /** Undefined until it is looked up. */
  #size: number | undefined;

  /** Appends to the file at `path`. Throws where it can't be opened. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, "a", MODE);
  }

  async write(bytes: Uint8Array): Promise<void> {
    const fd = (this.#fd ??= await openFile(this.#path, "a", MODE));
    const { rotate } = this;
    await writeAll(rotate === undefined ? fd : await this.#withRoom(fd, bytes.byteLength, rotate), bytes);
    if (this.#size !== undefined) this.#size += bytes.byteLength;
  }

  /** Keeps the old file where a new one can't be opened. */
  async reopen(): Promise<void> {
    const fd = await openFile(this.#path, "a", MODE);
    const old = this.#fd;
    this.#fd = fd;
    this.#size = undefined;
    if (old !== undefined) await closeFile(old);
  }

  async close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    this.#size = undefined;
    if (fd !== undefined) await closeFile(fd);
  }

  /** The file with room for so many bytes: it, or a new one. */
  async #withRoom(
    fd: number,
    bytes: number,
    { size, keep }: NonNullable<LogTarget["rotate"]>,
  ): Promise<number> {
    this.#size ??= (await statFile(fd)).size;
    if (this.#size === 0 || this.#size + bytes <= size) return fd;
    for (let number = keep - 1; number > 0; number--)
      await moved(`${this.#path}.${number}`, `${this.#path}.${number + 1}`);
    await moved(this.#path, `${this.#path}.1`);
    const next = await openFile(this.#path, "a", MODE);
    this.#fd = next;
    this.#size = undefined;
    await closeFile(fd);
    return next;
  }
}

/** Renames a file, if there is one. */
const moved = async (from: string, to: string): Promise<void> => {
  try {
    await rename(from, to);
  } catch (thrown) {
    if (errorCode(thrown) !== "ENOENT") throw thrown;
  }
};

/** However many writes that takes. */
export const writeAll = async (fd: number, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.byteLength;) {
    at += await new Promise<number>((resolve, reject) =>
      write(fd, bytes, at, bytes.byteLength - at, null, (error, written) =>
        error ? reject(error) : resolve(written),
      ),
    );
  }
};
