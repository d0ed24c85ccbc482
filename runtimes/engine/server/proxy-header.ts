/** Reads the PROXY protocol's header in front of a connection's bytes, whatever pieces they come in. */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { type ProxyHeader, readProxyHeader } from "../../../src/edge/proxy-protocol.ts";
import type { DeadlineEntry, Deadlines } from "../deadlines.ts";

export interface ProxyHeaderOptions {
  /** Nobody has read from it. */
  readonly socket: Socket;
  readonly deadlines: Deadlines;
  /** When the header must have come. */
  readonly deadline: number;
  /** The header was read; the next byte of the socket is the client's first. */
  readonly read: (header: ProxyHeader) => void;
  /** There is no header that could be believed. The socket is closed then. */
  readonly failed: (reason: string) => void;
}

/** Holds no more than a header's bytes. Either `read` or `failed` is called, once, unless the socket closes before. */
export class ProxyHeaderReader implements DeadlineEntry {
  readonly deadline: number;
  readonly #options: ProxyHeaderOptions;
  readonly #onReadable = (): void => this.#readOn();
  readonly #onEnd = (): void => this.#fail("connection ended in the PROXY header");
  readonly #onClose = (): void => this.#end();
  readonly #onError = (): void => {};
  #bytes: Uint8Array | undefined;

  private constructor(options: ProxyHeaderOptions) {
    this.#options = options;
    this.deadline = options.deadline;
  }

  static begin(options: ProxyHeaderOptions): void {
    const reader = new ProxyHeaderReader(options);
    const { socket, deadlines } = options;
    socket.on("readable", reader.#onReadable).on("end", reader.#onEnd);
    socket.on("close", reader.#onClose).on("error", reader.#onError);
    deadlines.add(reader);
  }

  expired(): void {
    this.#fail("PROXY header not complete in time (listen.timeouts.header)");
  }

  #readOn(): void {
    const { socket, read } = this.#options;
    const piece = socket.read() as Buffer | null;
    if (piece === null) return;
    const bytes = this.#bytes === undefined ? piece : joined(this.#bytes, piece);
    const result = readProxyHeader(bytes);
    if (result === undefined) {
      this.#bytes = bytes;
      return;
    }
    if ("kind" in result) {
      this.#fail(result.reason);
      return;
    }
    this.#end();
    const rest = piece.subarray(piece.length - (bytes.length - result.length));
    if (rest.length > 0) socket.unshift(rest);
    read(result.header);
  }

  #fail(reason: string): void {
    this.#end();
    this.#options.socket.on("error", this.#onError);
    this.#options.socket.destroy();
    this.#options.failed(reason);
  }

  #end(): void {
    const { socket, deadlines } = this.#options;
    deadlines.delete(this);
    socket.off("readable", this.#onReadable).off("end", this.#onEnd);
    socket.off("close", this.#onClose).off("error", this.#onError);
  }
}

/** What does not fit into a header is the client's, and comes with the last piece alone. */
const joined = (before: Uint8Array, piece: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(before.length + piece.length);
  bytes.set(before);
  bytes.set(piece, before.length);
  return bytes;
};
