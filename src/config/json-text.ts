/** JSON config files. Comments and trailing commas are allowed. */
import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Fault, Locate, Malformed, Source, Span } from "./source-text.ts";

const OPTIONS = { allowTrailingComma: true, disallowComments: false, allowEmptyContent: false };

const FAULTS: Readonly<Record<string, string>> = {
  InvalidSymbol: "this is no JSON value; texts stand in double quotes",
  InvalidNumberFormat: "this is no number as JSON writes it",
  PropertyNameExpected: "expected a key in double quotes",
  ValueExpected: "expected a value",
  ColonExpected: 'expected a ":"',
  CommaExpected: 'expected a ","',
  CloseBraceExpected: 'expected a "}"',
  CloseBracketExpected: 'expected a "]"',
  EndOfFileExpected: "expected nothing more behind the config",
  InvalidCommentToken: "this is no comment",
  UnexpectedEndOfComment: "this comment has no end",
  UnexpectedEndOfString: "this text has no closing quote",
  UnexpectedEndOfNumber: "this number has no end",
  InvalidUnicode: "this is no valid \\u escape",
  InvalidEscapeCharacter: "this is no valid escape",
  InvalidCharacter: "this character must be escaped",
};

/** What comes later follows from the first ones more often than not. */
const MOST_FAULTS = 3;

const malformed = (errors: readonly ParseError[]): Malformed => ({
  faults: errors.slice(0, MOST_FAULTS).map(({ error, offset, length }) => ({
    message: FAULTS[printParseErrorCode(error)] ?? "this is not JSON",
    span: { start: offset, end: offset + length },
  })),
});

const spanOf = ({ offset, length }: Node): Span => ({ start: offset, end: offset + length });

/** Keys that an object repeats: the last one would win, which nobody means. */
const repeated = (node: Node, faults: Fault[]): void => {
  const seen = new Set<unknown>();
  for (const child of node.children ?? []) {
    const [key, value] = child.type === "property" ? (child.children ?? []) : [];
    if (key !== undefined) {
      if (seen.has(key.value)) faults.push({ message: "this key stands twice", span: spanOf(key) });
      seen.add(key.value);
    }
    repeated(value ?? child, faults);
  }
};

type ChildOf = (node: Node, key: string | number) => Node | undefined;

/** Finds members, of a key that stands twice the last, whose value is the one that is read. Each object's keys are gone through once. */
const childFinder = (): ChildOf => {
  const members = new Map<Node, ReadonlyMap<unknown, Node | undefined>>();
  const membersOf = (node: Node): ReadonlyMap<unknown, Node | undefined> => {
    let found = members.get(node);
    if (found === undefined) {
      found = new Map((node.children ?? []).map(({ children }) => [children?.[0]?.value, children?.[1]]));
      members.set(node, found);
    }
    return found;
  };
  return (node, key) => (node.type === "array" ? node.children?.[Number(key)] : membersOf(node).get(key));
};

const locateIn = (root: Node): Locate => {
  const childOf = childFinder();
  return (path, at) => {
    let node = root;
    let reached = true;
    for (const step of path) {
      const child = childOf(node, step);
      // A key that the long form has, where a short form stands.
      if (child === undefined && typeof step === "string" && node.type !== "object") continue;
      reached = child !== undefined;
      if (child === undefined) break;
      node = child;
    }
    const key = node.parent?.type === "property" ? node.parent.children?.[0] : undefined;
    const whole = !reached || node.type === "object" || node.type === "array";
    return spanOf((at === "key" || whole) && key !== undefined ? key : node);
  };
};

/** Reads JSON with comments. */
export const readJson = (text: string): Source | Malformed => {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, OPTIONS);
  if (errors.length > 0 || root === undefined) {
    return errors.length > 0
      ? malformed(errors)
      : { faults: [{ message: "the file is empty", span: { start: 0, end: 0 } }] };
  }
  const faults: Fault[] = [];
  repeated(root, faults);
  return { input: getNodeValue(root) as unknown, locate: locateIn(root), faults };
};
