/** What was probably meant by a value of the wrong type, or by a reference in a wrong spelling. */
import { Reading } from "./reading.ts";
import { Refusal, REFUSED, type Schema } from "./schema.ts";

/** What YAML 1.1 and other formats read as true and false. */
const WORDS: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["on", true],
  ["true", true],
  ["no", false],
  ["off", false],
  ["false", false],
]);

type Form = Pick<Schema, "takes"> & Partial<Pick<Schema, "read">>;

const takesDefaults = ({ takes, read }: Form): boolean => {
  if (read === undefined || !takes({})) return false;
  const reading = new Reading();
  read({}, reading);
  return reading.issues.length === 0;
};

/** The refusal of a `value` that none of `forms` can read, with what was probably meant. */
export const wrongType = (forms: readonly Form[], value: unknown): Refusal => {
  const word = typeof value === "string" ? WORDS.get(value.toLowerCase()) : undefined;
  if (word !== undefined && forms.some(({ takes }) => takes(word)))
    return new Refusal(`did you mean ${word}?`);
  if (value === true && forms.some(takesDefaults)) {
    return new Refusal("`{}` turns it on with its defaults", { isSafe: true });
  }
  if (value instanceof URL) return new Refusal("give its text, which is its `href`", { isSafe: true });
  return REFUSED;
};

const REFERENCE_LIKE = /(?<!\$)\$\{\s*(?:(env|file)\s*[:.])?\s*([^}:]*?)\s*(?::[^}]*)?\}/i;

/** The refusal of a reference in a wrong spelling, such as `${HOME}` or `${ENV:HOME}`; undefined where `value` holds none. */
export const misspeltReference = (value: unknown): Refusal | undefined => {
  if (typeof value !== "string") return undefined;
  const { 0: whole, 1: kind = "", 2: name = "" } = REFERENCE_LIKE.exec(value) ?? [""];
  if (kind === "" ? !/^[A-Z_][A-Z0-9_]*$/.test(name) : name === "") return undefined;
  const meant = `\${${kind.toLowerCase() || "env"}:${name}}`;
  if (whole.startsWith(meant.slice(0, -1))) return undefined;
  // Beside other text it may be a part of a secret.
  return new Refusal(`did you mean "${meant}"?`, { isSafe: whole === value });
};
