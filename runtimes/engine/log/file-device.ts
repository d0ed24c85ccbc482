/** A log file, rotated by size where the config says so. */
import { type Stats, close, constants, fstat, fstatSync, open, openSync } from "node:fs";
import { rename } from "node:fs/promises";
import { promisify } from "node:util";
import type { LogReports, LogTarget } from "../../../src/core/log-output.ts";
import type { Clock } from "../../../src/core/platform.ts";
import { errorCode } from "../../error-code.ts";
import type { LogDevice } from "./buffered-output.ts";
import { writeAll, writePatiently } from "./write-bytes.ts";

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);

/** Its group may read it, others may not. */
const MODE = 0o640;

/** Non-blocking: opening a pipe would wait for a reader, and so would writing to a full one. */
const FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;

/** A rotation that failed is tried again after this. */
const RETRY_MS = 60_000;

interface OpenFile {
  readonly fd: number;
  /** Not a pipe or a device, which are never rotated. */
  readonly isRegular: boolean;
  /** Bytes. */
  size: number;
}

/** A file, or a pipe or device by its path. */
export class FileDevice implements LogDevice {
  readonly isTerminal = false;
  /** Longer than for streams: each write takes a thread of the runtime, and files are read later. */
  readonly gatherMs = 100;
  readonly #path: string;
  readonly #clock: Pick<Clock, "now">;
  /** When it is rotated. */
  rotate: LogTarget["rotate"];
  /** Called once a minute at most while the file is full and can't be put aside. */
  notRotated: LogReports["notRotated"] = () => {};
  /** Undefined while it is closed. */
  #file: OpenFile | undefined;
  #rotatesFrom = Number.NEGATIVE_INFINITY;

  /** Appends to the file at `path`. Throws where it can't be opened: with ENXIO, it is a pipe that nobody reads. */
  constructor(path: string, clock: Pick<Clock, "now">) {
    this.#path = path;
    this.#clock = clock;
    const fd = openSync(path, FLAGS, MODE);
    this.#file = openFileOf(fd, fstatSync(fd));
  }

  async write(bytes: Uint8Array): Promise<void> {
    let file = (this.#file ??= await opened(this.#path));
    if (!file.isRegular) {
      await writePatiently(file.fd, bytes);
      return;
    }
    const { rotate } = this;
    if (rotate !== undefined && file.size > 0 && file.size + bytes.byteLength > rotate.size) {
      file = await this.#rotated(file, rotate.keep);
    }
    await writeAll(file.fd, bytes);
    file.size += bytes.byteLength;
  }

  /** Keeps the old file where a new one can't be opened. */
  async reopen(): Promise<void> {
    await this.#replace(this.#file);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) await closeFile(file.fd);
  }

  /** Puts the full file aside and opens a new one. The full one where that fails. */
  async #rotated(full: OpenFile, keep: number): Promise<OpenFile> {
    const now = this.#clock.now();
    if (now < this.#rotatesFrom) return full;
    try {
      for (let number = keep - 1; number > 0; number--)
        await moved(`${this.#path}.${number}`, `${this.#path}.${number + 1}`);
      await moved(this.#path, `${this.#path}.1`);
      return await this.#replace(full);
    } catch (thrown) {
      this.#rotatesFrom = now + RETRY_MS;
      this.notRotated(errorCode(thrown) ?? "unknown reason");
      return this.#file ?? full;
    }
  }

  async #replace(old: OpenFile | undefined): Promise<OpenFile> {
    const file = await opened(this.#path);
    this.#file = file;
    if (old !== undefined) await closeFile(old.fd);
    return file;
  }
}

const opened = async (path: string): Promise<OpenFile> => {
  const fd = await openFile(path, FLAGS, MODE);
  return openFileOf(fd, await statFile(fd));
};

const openFileOf = (fd: number, stat: Stats): OpenFile => ({ fd, isRegular: stat.isFile(), size: stat.size });

/** Renames a file, if there is one. */
const moved = async (from: string, to: string): Promise<void> => {
  try {
    await rename(from, to);
  } catch (thrown) {
    if (errorCode(thrown) !== "ENOENT") throw thrown;
  }
};
