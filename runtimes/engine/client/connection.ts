/** One connection to an endpoint, used for one request after the other. */
import type { Socket } from "node:net";
import type { DeadlineEntry, Deadlines } from "../deadlines.ts";
import { hasOwnReads, noteRead } from "../given-memory.ts";
import type { ForwardedLines } from "./request-head.ts";
import { type ResponseFormat, ResponseIntake } from "./response-intake.ts";

/** Who uses a connection at present; its deadline is looked after meanwhile. */
export interface ConnectionUser extends DeadlineEntry {
  received(bytes: Uint8Array): void;
  /** The peer will send nothing more; `error` is undefined where it closed in order. Called once. */
  ended(error: Error | undefined): void;
}

/** Called once what was written has left this process, or can't any more. */
export type WriteDone = (error?: Error | null) => void;

export interface ConnectionOptions {
  readonly format: ResponseFormat;
  readonly forwarded: ForwardedLines;
  readonly deadlines: Deadlines;
  /** Called once, when it can't be used any more, whoever ended it. */
  readonly onGone: (connection: Connection) => void;
}

export class Connection implements DeadlineEntry {
  readonly #socket: Socket;
  readonly intake: ResponseIntake;
  /** Whether each read has memory of its own. */
  readonly hasOwnReads: boolean;
  /** Requests that it has carried before the present one. */
  carried = 0;
  /** When it must not be used any more, while it is idle. */
  idleUntil = 0;
  #user: ConnectionUser | undefined;
  #error: Error | undefined;
  #gone = false;
  #paused = false;
  readonly #onData = (bytes: Uint8Array): void => {
    // Without a request there is nothing that bytes could answer (RFC 9112 §9.2): whoever asks next must not get them.
    if (this.#user === undefined) this.destroy();
    else {
      noteRead(bytes);
      this.#user.received(bytes);
    }
  };
  readonly #onEnd = (): void => this.#ended();
  readonly #options: ConnectionOptions;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.intake = new ResponseIntake(options.format);
    this.hasOwnReads = hasOwnReads(socket);
    options.deadlines.add(this);
    socket.on("data", this.#onData);
    socket.on("error", (error) => (this.#error ??= error));
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onEnd);
  }

  get forwarded(): ForwardedLines {
    return this.#options.forwarded;
  }

  get deadline(): number {
    return this.#user?.deadline ?? Infinity;
  }

  expired(now: number): void {
    this.#user?.expired(now);
  }

  /** From here on `user` is told; nobody was before. */
  use(user: ConnectionUser): void {
    this.#user = user;
  }

  /** The exchange is over: whatever comes now is unasked for. */
  rest(): void {
    this.#user = undefined;
    this.carried++;
    this.resume();
  }

  /** Text is written a byte a character. */
  write(data: string | Uint8Array, done?: WriteDone): void {
    if (this.#gone) return;
    if (typeof data === "string") this.#socket.write(data, "latin1", done);
    else this.#socket.write(data, done);
  }

  /**
   * Writes several parts, of which the last is not empty. One by one: gathering them costs more than it saves with large ones,
   * and Bun copies them all.
   */
  writeAll(parts: readonly (string | Uint8Array)[], done: WriteDone): void {
    const last = parts.length - 1;
    for (let i = 0; i < last; i++) {
      const part = parts[i] as string | Uint8Array;
      if (part.length > 0) this.write(part);
    }
    this.write(parts[last] as string | Uint8Array, done);
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /**
   * Hands the socket over, paused: it carries another protocol from here on. Only the connection's end is still noticed here.
   * The connection MUST have been dialled for a tunnel.
   */
  detach(): Socket {
    this.#user = undefined;
    const socket = this.#socket;
    socket.pause();
    socket.off("data", this.#onData).off("end", this.#onEnd);
    return socket;
  }

  /** Ends it at once; nobody is told but the pool. Idempotent. */
  destroy(): void {
    this.#user = undefined;
    this.#socket.destroy();
    this.#end();
  }

  #ended(): void {
    const user = this.#user;
    this.#user = undefined;
    if (user === undefined) this.destroy();
    else user.ended(this.#error);
  }

  #end(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#options.deadlines.delete(this);
    this.#options.onGone(this);
  }
}
