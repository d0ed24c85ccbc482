/** Fields of responses as they go on the wire. */
import type { HeaderPairs } from "../../../src/http/header-edits.ts";
import { fieldLines } from "../../../src/http1/encode.ts";

/** A list of fields, encoded. */
export interface FieldLines {
  readonly lines: string;
  /** `Date` is among them. */
  readonly isDated: boolean;
}

const DATE = /^date$/i;

const hasDate = (fields: HeaderPairs): boolean => {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.length === 4 && DATE.test(name)) return true;
  }
  return false;
};

/** Encodes each list once, and keeps the result for as long as the list lives: responses share theirs. */
export class FieldEncoder {
  readonly #known = new WeakMap<HeaderPairs, FieldLines>();

  /** @throws TypeError for a value that can't be sent. */
  encode(fields: HeaderPairs): FieldLines {
    let known = this.#known.get(fields);
    if (known === undefined) {
      known = { lines: fieldLines(fields), isDated: hasDate(fields) };
      this.#known.set(fields, known);
    }
    return known;
  }
}
