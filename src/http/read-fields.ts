/** Notes of a header section that something else has parsed: a Web request's, or one that a person wrote. */
import { type FieldNotes, checkFraming, newFieldNotes, noteField, settleNominated } from "./field-notes.ts";
import { isSaneValue } from "./field-sanity.ts";
import type { HeaderPairs } from "./header-edits.ts";
import { type ScreenProblem, malformed } from "./screen-problem.ts";

export interface ReadFields {
  readonly notes: FieldNotes;
  /** The first thing that is wrong, in which case `notes` are incomplete. */
  readonly refusal: ScreenProblem | undefined;
}

/** Reads `fields` as the HTTP/1.1 parser does. */
export const readFields = (fields: HeaderPairs, version: string | undefined): ReadFields => {
  const notes = newFieldNotes();
  let refusal: ScreenProblem | undefined;
  for (let i = 0; i < fields.length && refusal === undefined; i += 2) {
    const value = fields[i + 1] as string;
    refusal = noteField(notes, fields[i] as string, value);
    if (!isSaneValue(value)) refusal ??= malformed("field value with a control character (RFC 9110 §5.5)");
  }
  refusal ??= checkFraming(notes, version);
  settleNominated(notes, fields);
  return { notes, refusal };
};
