/** What a terminal in raw mode sends, as keys. */

const SEQUENCES: ReadonlyMap<string, string> = new Map([
  ["\u001b[A", "up"],
  ["\u001b[B", "down"],
  ["\u001bOA", "up"],
  ["\u001bOB", "down"],
  ["\u001b[5~", "page-up"],
  ["\u001b[6~", "page-down"],
  ["\u001b[H", "home"],
  ["\u001b[F", "end"],
  ["\u001b[1~", "home"],
  ["\u001b[4~", "end"],
]);

const CONTROLS: ReadonlyMap<string, string> = new Map([
  ["\u0003", "ctrl-c"],
  ["\u0004", "ctrl-c"],
  ["\r", "enter"],
  ["\n", "enter"],
  ["\u007f", "backspace"],
  ["\b", "backspace"],
  ["\u001b", "escape"],
]);

/** A sequence of the terminal (ECMA-48 §5.4), or a character. */
const KEY =
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001bO[@-~]|[\s\S]/gu;

/** Keys in order. Sequences that nothing is bound to, and other control characters, are left out. */
export const keysIn = (input: string): readonly string[] =>
  (input.match(KEY) ?? []).flatMap((piece) => {
    const named = SEQUENCES.get(piece) ?? CONTROLS.get(piece);
    if (named !== undefined) return [named];
    return piece.length === 1 && piece >= " " ? [piece] : [];
  });
