/** A body of lines, each taken as soon as it is whole. */
import type { ByteSink } from "../core/body.ts";
import type { ProxyError } from "../core/errors.ts";

export interface LineReceiver {
  /** May throw, which ends the reading. */
  take(line: string): void;
  ended(): void;
  failed(error: unknown): void;
}

/** Longer lines are not lines. */
const MAX_LINE = 16 * 1024 * 1024;

export class LineReader implements ByteSink {
  readonly #receiver: LineReceiver;
  readonly #decoder = new TextDecoder();
  #text = "";
  #isOver = false;

  constructor(receiver: LineReceiver) {
    this.#receiver = receiver;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver) return false;
    this.#text += this.#decoder.decode(bytes, { stream: true });
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) if (!this.#take(line)) return false;
    if (this.#text.length <= MAX_LINE) return true;
    this.#fail(new TypeError("a line is too long"));
    return false;
  }

  end(): void {
    if (this.#isOver || !this.#take(this.#text)) return;
    this.#isOver = true;
    this.#receiver.ended();
  }

  fail(error: ProxyError): void {
    this.#fail(error);
  }

  #take(line: string): boolean {
    try {
      this.#receiver.take(line);
      return true;
    } catch (thrown) {
      this.#fail(thrown);
      return false;
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#receiver.failed(error);
  }
}
