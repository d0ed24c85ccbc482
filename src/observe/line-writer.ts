/** The two forms of structured lines: JSON, and `key=value` for people. */
import { isPlainJson, jsonText, pairText } from "./line-text.ts";

/** The name of a value, prepared once for each form. */
export interface Fact {
  readonly name: string;
  /** `,"name":` */
  readonly json: string;
  /** `,"name":"` */
  readonly jsonText: string;
  /** ` name=` */
  readonly pair: string;
}

/** @param name ours: it needs no escape. */
export const fact = (name: string): Fact => ({
  name,
  json: `,"${name}":`,
  jsonText: `,"${name}":"`,
  pair: ` ${name}=`,
});

/** Takes facts. What is undefined is left out. */
export interface FactWriter {
  text(name: Fact, value: string | undefined): void;
  number(name: Fact, value: number | undefined): void;
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
    if (value === undefined) return;
    this.#line += isPlainJson(value) ? `${name.jsonText}${value}"` : name.json + jsonText(value);
  }

  number(name: Fact, value: number | undefined): void {
    if (value !== undefined) this.#line += name.json + value;
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
    if (value !== undefined) this.#line += name.pair + pairText(value);
  }

  number(name: Fact, value: number | undefined): void {
    if (value !== undefined) this.#line += name.pair + value;
  }

  end(): string {
    return this.#line;
  }
}
