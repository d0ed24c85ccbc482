/** One TCP connection, seen as bytes: everything that came, how it ended, and waiting for either. */
import type { Socket } from "node:net";
import { BOUND_MS, Watched } from "./bound.ts";
import { type Fields, type Framing, Malformed, parseFields } from "./http-text.ts";

/** How the peer left: an orderly FIN, or a reset. */
export type Ending = "fin" | "reset";

/** The connection ended while more was expected. */
export class Ended extends Error {
  override readonly name = "Ended";
  readonly ending: Ending;

  constructor(ending: Ending, what: string) {
    super(`peer ended the connection (${ending}) before ${what}`);
    this.ending = ending;
  }
}

const CRLF = Buffer.from("\r\n");
const HEAD_END = Buffer.from("\r\n\r\n");
const RECORD_LIMIT = 4 * 1024 * 1024;

export class Wire {
  readonly socket: Socket;
  readonly changes: Watched = new Watched();
  /** Bytes that came, in all. */
  received = 0;
  /** Undefined while the peer may still send. */
  ending: Ending | undefined;
  /** How long a read may wait. */
  patienceMs: number = BOUND_MS;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  readonly #record: Buffer[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (data: Buffer) => {
      if (this.received < RECORD_LIMIT) this.#record.push(data);
      this.received += data.length;
      this.#pending.push(data);
      this.#pendingBytes += data.length;
      this.changes.changed();
    });
    socket.on("end", () => this.#ended("fin"));
    socket.on("error", () => this.#ended("reset"));
    socket.on("close", () => this.#ended("reset"));
  }

  #ended(ending: Ending): void {
    this.ending ??= ending;
    this.changes.changed();
  }

  /** The first bytes that came (4 MiB at most), consumed or not. */
  get record(): Buffer {
    return Buffer.concat(this.#record);
  }

  /** Bytes that came and were not read yet. */
  get unread(): number {
    return this.#pendingBytes;
  }

  #joined(): Buffer {
    const joined = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending);
    this.#pending = [joined ?? Buffer.alloc(0)];
    return joined ?? Buffer.alloc(0);
  }

  #take(bytes: number): Buffer {
    const joined = this.#joined();
    const rest = joined.subarray(bytes);
    this.#pending = rest.length > 0 ? [rest] : [];
    this.#pendingBytes = rest.length;
    return joined.subarray(0, bytes);
  }

  /** Sends; resolves when the system has taken it all. */
  send(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(typeof data === "string" ? Buffer.from(data, "latin1") : data, () => resolve());
    });
  }

  /** Sends FIN; the peer can still be read. */
  finish(): void {
    this.socket.end();
  }

  /** Sends RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Stops reading, so that the peer's writes pile up. */
  hold(): void {
    this.socket.pause();
  }

  release(): void {
    this.socket.resume();
  }

  /** Waits until the peer left, and says how. */
  ended(boundMs: number = BOUND_MS): Promise<Ending> {
    return this.changes.until(() => this.ending, "the peer to end the connection", boundMs);
  }

  /** Waits for the connection's end and gives everything unread. */
  async rest(): Promise<Buffer> {
    await this.ended();
    return this.#take(this.#pendingBytes);
  }

  #need<T>(probe: () => T | undefined, what: string, boundMs: number = this.patienceMs): Promise<T> {
    const look = (): T | undefined => {
      const value = probe();
      if (value === undefined && this.ending !== undefined) throw new Ended(this.ending, what);
      return value;
    };
    return this.changes.until(look, () => `${what}; last came ${JSON.stringify(this.#preview())}`, boundMs);
  }

  #preview(): string {
    return this.record.subarray(-200).toString("latin1");
  }

  async #section(end: Buffer, what: string, boundMs?: number): Promise<string> {
    const at = await this.#need(
      () => {
        const index = this.#joined().indexOf(end);
        return index === -1 ? undefined : index;
      },
      what,
      boundMs,
    );
    return this.#take(at + end.length)
      .toString("latin1")
      .slice(0, at);
  }

  /** Start line and fields, without the empty line. Undefined when the peer ended between two messages. */
  async headSection(boundMs?: number): Promise<string | undefined> {
    const some = await this.changes.until<boolean>(
      () => (this.#pendingBytes > 0 ? true : this.ending === undefined ? undefined : false),
      "a message",
      boundMs ?? this.patienceMs,
    );
    return some ? this.#section(HEAD_END, "the end of the header section", boundMs) : undefined;
  }

  /** The next `bytes` bytes. */
  async bytes(bytes: number, what: string = `${bytes} bytes`): Promise<Buffer> {
    await this.#need(() => (this.#pendingBytes >= bytes ? true : undefined), what);
    return this.#take(bytes);
  }

  /** Whatever came, as soon as anything did, at most `limit` bytes. */
  async some(limit: number): Promise<Buffer> {
    await this.#need(() => (this.#pendingBytes > 0 ? true : undefined), "more of the body");
    return this.#take(Math.min(limit, this.#pendingBytes));
  }

  /** Size of the next chunk; 0 for the last. */
  async #chunkSize(): Promise<number> {
    const line = await this.#section(CRLF, "a chunk size line");
    const match = /^([0-9a-fA-F]{1,8})(;.*)?$/.exec(line);
    if (match === null) throw new Malformed(`chunk size line ${JSON.stringify(line)}`);
    return Number.parseInt(match[1] ?? "", 16);
  }

  async *#sized(bytes: number): AsyncGenerator<Buffer, void> {
    for (let left = bytes; left > 0;) {
      const piece = await this.some(left);
      left -= piece.length;
      yield piece;
    }
  }

  /** A chunk's data as it arrives; the CRLF after it may come with the next chunk. */
  async *#chunked(onTrailers?: (fields: Fields) => void): AsyncGenerator<Buffer, void> {
    for (;;) {
      const size = await this.#chunkSize();
      if (size === 0) break;
      yield* this.#sized(size);
      if (!(await this.bytes(2, "the chunk's end")).equals(CRLF)) throw new Malformed("chunk without CRLF");
    }
    onTrailers?.(parseFields(await this.#trailerLines()));
  }

  async #trailerLines(): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#section(CRLF, "the trailer section");
      if (line === "") return lines;
      lines.push(line);
    }
  }

  async *#untilEnd(): AsyncGenerator<Buffer, void> {
    const more = (): boolean | undefined =>
      this.unread > 0 ? true : this.ending === undefined ? undefined : false;
    while (await this.changes.until(more, "more of the body", this.patienceMs)) yield this.#take(this.unread);
    if (this.ending === "reset") throw new Ended("reset", "an orderly end of the body");
  }

  /** The pieces of a body as they arrive. */
  async *pieces(framing: Framing, onTrailers?: (fields: Fields) => void): AsyncGenerator<Buffer, void> {
    if (framing.kind === "length") yield* this.#sized(framing.bytes);
    else if (framing.kind === "chunked") yield* this.#chunked(onTrailers);
    else if (framing.kind === "close") yield* this.#untilEnd();
  }
}
