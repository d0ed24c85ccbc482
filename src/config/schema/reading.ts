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

/** A name that must be defined elsewhere: of an upstream, or of a parameter in a path. */
export interface Mention {
  readonly kind: "upstream" | "param";
  readonly path: ConfigPath;
  readonly name: string;
}

export class Reading {
  readonly issues: Issue[] = [];
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
  complain(message: string, keys: ConfigPath = [], at: Issue["at"] = "value"): undefined {
    const path = [...this.#path, ...keys];
    this.issues.push({ path, at, value: undefined, expected: undefined, note: message, isSafe: true });
  }

  mention(kind: Mention["kind"], name: string): void {
    this.mentions.push({ kind, path: [...this.#path], name });
  }

  /** Those mentions from number `from` on, with their paths below what is being read. */
  mentionsSince(from: number, kind: Mention["kind"]): readonly Mention[] {
    const since = this.mentions.slice(from).filter((mention) => mention.kind === kind);
    return since.map((mention) => ({ ...mention, path: mention.path.slice(this.#path.length) }));
  }
}
