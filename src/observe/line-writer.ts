/** The two forms of structured lines: JSON, and `key=value` for people. */
import { LineBuffer } from "../core/line-buffer.ts";
import { putJson, putPair } from "./line-text.ts";

/** The name of a value, prepared once for each form. */
export interface Fact {
  readonly name: string;
  readonly json: PreparedName;
  readonly pair: PreparedName;
}

/** @param name ours: it needs no escape. */
export const fact = (name: string): Fact => ({
  name,
  json: new PreparedName(`,"${name}":`, putJson),
  pair: new PreparedName(` ${name}=`, putPair),
});

const encoder = new TextEncoder();

/** What stands in front of a value. */
class PreparedName {
  readonly #prefix: Uint8Array;
  readonly #put: (line: LineBuffer, value: string) => void;
  #last: string | undefined;
  /** The name with `#last`; undefined until that comes a second time. */
  #lastBytes: Uint8Array | undefined;

  constructor(prefix: string, put: (line: LineBuffer, value: string) => void) {
    this.#prefix = encoder.encode(prefix);
    this.#put = put;
  }

  /** The name with `value`, escaped. Most values are those of the line before, and are not looked at again. */
  text(line: LineBuffer, value: string): void {
    const isLast = value === this.#last;
    if (isLast && this.#lastBytes !== undefined) {
      line.addBytes(this.#lastBytes);
      return;
    }
    const from = line.length;
    line.addBytes(this.#prefix);
    this.#put(line, value);
    this.#last = value;
    this.#lastBytes = isLast ? line.addedSince(from) : undefined;
  }

  number(line: LineBuffer, value: number): void {
    line.addBytes(this.#prefix);
    line.addNumber(value);
  }

  hundredths(line: LineBuffer, value: number): void {
    line.addBytes(this.#prefix);
    line.addHundredths(value);
  }
}

/** Takes facts. What is undefined is left out. */
export interface FactWriter {
  text(name: Fact, value: string | undefined): void;
  number(name: Fact, value: number | undefined): void;
  /** Milliseconds, to a hundredth. */
  duration(name: Fact, ms: number): void;
}

/** Writes one line after the other. */
export interface LineWriter extends FactWriter {
  /**
   * Writes the beginning of a line that was begun in `buffer`.
   *
   * @param time of the event, in RFC 3339.
   */
  begin(buffer: LineBuffer, time: string, level: string): void;
  /** Writes the end of the line's text. `LineBuffer.end` adds the line break. */
  end(): void;
}

const [TIME, LEVEL, QUOTE, END] = ['{"time":"', '","level":"', '"', "}"].map((text) =>
  encoder.encode(text),
) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

export class JsonLines implements LineWriter {
  #line = new LineBuffer();

  begin(buffer: LineBuffer, time: string, level: string): void {
    this.#line = buffer;
    buffer.addBytes(TIME);
    buffer.addText(time);
    buffer.addBytes(LEVEL);
    buffer.addText(level);
    buffer.addBytes(QUOTE);
  }

  text(name: Fact, value: string | undefined): void {
    if (value !== undefined) name.json.text(this.#line, value);
  }

  number(name: Fact, value: number | undefined): void {
    if (value !== undefined) name.json.number(this.#line, value);
  }

  duration(name: Fact, ms: number): void {
    name.json.hundredths(this.#line, ms);
  }

  end(): void {
    this.#line.addBytes(END);
  }
}

export class PairLines implements LineWriter {
  #line = new LineBuffer();

  begin(buffer: LineBuffer, time: string, level: string): void {
    this.#line = buffer;
    buffer.addText(`${time} ${level.padEnd(7)}`);
  }

  text(name: Fact, value: string | undefined): void {
    if (value !== undefined) name.pair.text(this.#line, value);
  }

  number(name: Fact, value: number | undefined): void {
    if (value !== undefined) name.pair.number(this.#line, value);
  }

  duration(name: Fact, ms: number): void {
    name.pair.hundredths(this.#line, ms);
  }

  end(): void {}
}
