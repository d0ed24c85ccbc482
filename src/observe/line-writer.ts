/** The two forms of structured lines: JSON, and `key=value` for people. */
import { jsonText, pairText } from "./line-text.ts";

/** Takes facts by name. What is undefined is left out. */
export interface FactWriter {
  text(key: string, value: string | undefined): void;
  number(key: string, value: number | undefined): void;
}

/** A line in the making. Keys are ours, and need no escape. */
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

  text(key: string, value: string | undefined): void {
    if (value !== undefined) this.#line += `,"${key}":${jsonText(value)}`;
  }

  number(key: string, value: number | undefined): void {
    if (value !== undefined) this.#line += `,"${key}":${value}`;
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

  text(key: string, value: string | undefined): void {
    if (value !== undefined) this.#line += ` ${key}=${pairText(value)}`;
  }

  number(key: string, value: number | undefined): void {
    if (value !== undefined) this.#line += ` ${key}=${value}`;
  }

  end(): string {
    return this.#line;
  }
}
