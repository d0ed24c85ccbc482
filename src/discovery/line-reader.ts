/** A body of lines, each taken as soon as it is whole. */
import type { ByteSink } from "../core/body.ts";
import type { ProxyError } from "../core/errors.ts";

export interface LineReceiver {
  /** May throw, which ends the reading. */
  take(line: string): void;
  ended(): void;
  failed(error: unknown): void;
}

/** Longer lines are an error. */
const MAX_LINE = 16 * 1024 * 1024;

export class LineReader implements ByteSink {
  readonly #receiver: LineReceiver;
  readonly #decoder = new TextDecoder();
  /** The beginning of a line whose end has not come. It is not searched again. */
  #begun = "";
  #isOver = false;

  constructor(receiver: LineReceiver) {
    this.#receiver = receiver;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver) return false;
    const [first = "", ...others] = this.#decoder.decode(bytes, { stream: true }).split("\n");
    this.#begun += first;
    for (const next of others) {
      if (!this.#takeBegun()) return false;
      this.#begun = next;
    }
    if (this.#begun.length <= MAX_LINE) return true;
    this.#fail(new TypeError("a line is too long"));
    return false;
  }

  end(): void {
    if (this.#isOver || !this.#takeBegun()) return;
    this.#isOver = true;
    this.#receiver.ended();
  }

  fail(error: ProxyError): void {
    this.#fail(error);
  }

  #takeBegun(): boolean {
    const line = this.#begun;
    this.#begun = "";
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
