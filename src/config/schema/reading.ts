/** One reading of a config: where it is, and what is wrong so far. */
import type { ConfigPath } from "../problem.ts";
import type { Refusal, Schema } from "./schema.ts";

/** What is wrong at one place: "expected …, found …; note", or a sentence of its own where nothing was expected. */
export interface Issue {
  readonly path: (string | number)[];
  at: "key" | "value";
  readonly value: unknown;
  readonly expected: string | undefined;
  readonly note: string;
  readonly isSafe: boolean;
}

/** A name that stands for a key of another section. */
export interface Mention {
  readonly path: ConfigPath;
  readonly name: string;
}

export class Reading {
  readonly issues: Issue[] = [];
  /** Names of upstreams. */
  readonly mentions: Mention[] = [];
  readonly #path: (string | number)[] = [];

  /** Reads the member `key`. */
  member<Output>(schema: Schema<Output>, key: string | number, value: unknown): Output | undefined {
    this.#path.push(key);
    const output = schema.read(value, this);
    this.#path.pop();
    return output;
  }

  /** Reads the name `key` of a member; what is wrong with it is wrong with the key. */
  key<Output>(schema: Schema<Output>, key: string): Output | undefined {
    const before = this.issues.length;
    const output = this.member(schema, key, key);
    for (const issue of this.issues.slice(before)) issue.at = "key";
    return output;
  }

  /** As `read` does, with `key` left out of the paths of what is wrong: a short form stands for it here. */
  short<Output>(key: string, read: () => Output): Output {
    const [before, depth] = [this.issues.length, this.#path.length];
    const output = read();
    for (const { path } of this.issues.slice(before)) if (path[depth] === key) path.splice(depth, 1);
    return output;
  }

  refuse(value: unknown, expected: string, { note, isSafe }: Pick<Refusal, "note" | "isSafe">): undefined {
    this.issues.push({ path: [...this.#path], at: "value", value, expected, note, isSafe });
  }

  /** Says a whole sentence of what stands at `keys` below. */
  complain(message: string, keys: ConfigPath = [], at: Issue["at"] = "value"): void {
    const path = [...this.#path, ...keys];
    this.issues.push({ path, at, value: undefined, expected: undefined, note: message, isSafe: true });
  }

  mention(name: string): void {
    this.mentions.push({ path: [...this.#path], name });
  }
}
