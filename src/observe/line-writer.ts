/** The two forms of structured lines: JSON, and `key=value` for people. */
import { hundredths } from "./hundredths.ts";
import { jsonText, pairText } from "./line-text.ts";

/** The name of a value, prepared once for each form. */
export interface Fact {
  readonly name: string;
  readonly json: PreparedName;
  readonly pair: PreparedName;
}

/** @param name ours: it needs no escape. */
export const fact = (name: string): Fact => ({
  name,
  json: new PreparedName(`,"${name}":`, jsonText),
  pair: new PreparedName(` ${name}=`, pairText),
});

/** What stands in front of a value. */
class PreparedName {
  readonly prefix: string;
  readonly #escaped: (value: string) => string;
  #last: string | undefined;
  #lastText = "";

  constructor(prefix: string, escaped: (value: string) => string) {
    this.prefix = prefix;
    this.#escaped = escaped;
  }

  /** The name with `value`, escaped. Most values are those of the line before, and are not looked at again. */
  with(value: string): string {
    if (value === this.#last) return this.#lastText;
    this.#last = value;
    this.#lastText = this.prefix + this.#escaped(value);
    return this.#lastText;
  }
}

/** Takes facts. What is undefined is left out. */
export interface FactWriter {
  text(name: Fact, value: string | undefined): void;
  number(name: Fact, value: number | undefined): void;
  /** Milliseconds, to a hundredth. */
  duration(name: Fact, ms: number): void;
}

/** A line in the making. */
export interface LineWriter extends FactWriter {
  /** The line, without a line break. */
  end(): string;
}

export class JsonLine implements LineWriter {
  #line: string;

  /** @param time of the event, in RFC 3339. */
  constructor(time: string, level: string) {
    this.#line = `{"time":"${time}","level":"${level}"`;
  }

  text(name: Fact, value: string | undefined): void {
    if (value !== undefined) this.#line += name.json.with(value);
  }

  number(name: Fact, value: number | undefined): void {
    if (value !== undefined) this.#line += name.json.prefix + value;
  }

  duration(name: Fact, ms: number): void {
    this.#line += name.json.prefix + hundredths(ms);
  }

  end(): string {
    return `${this.#line}}`;
  }
}

export class PairLine implements LineWriter {
  #line: string;

  constructor(time: string, level: string) {
    this.#line = `${time} ${level.padEnd(7)}`;
  }

  text(name: Fact, value: string | undefined): void {
    if (value !== undefined) this.#line += name.pair.with(value);
  }

  number(name: Fact, value: number | undefined): void {
    if (value !== undefined) this.#line += name.pair.prefix + value;
  }

  duration(name: Fact, ms: number): void {
    this.#line += name.pair.prefix + hundredths(ms);
  }

  end(): string {
    return this.#line;
  }
}
