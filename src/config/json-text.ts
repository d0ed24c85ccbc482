/** JSON config files. Comments and trailing commas are allowed. */
import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import {
  type Fault,
  lazyMembers,
  type Malformed,
  type Source,
  type Span,
  type TextNode,
} from "./source-text.ts";

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
  UnexpectedEndOfComment: "this comment has no end",
  UnexpectedEndOfString: "this text has no closing quote",
  InvalidUnicode: "this is no valid \\u escape",
  InvalidEscapeCharacter: "this is no valid escape",
  InvalidCharacter: "this character must be escaped",
};

/** What comes later follows from the first ones more often than not. */
const MOST_FAULTS = 3;

const faultsOf = (errors: readonly ParseError[]): Fault[] =>
  errors
    // Of several at one place, such as braces that are missing at the end, the first.
    .filter(({ offset }, index) => offset !== errors[index - 1]?.offset)
    .slice(0, MOST_FAULTS)
    .map(({ error, offset, length }) => ({
      message: FAULTS[printParseErrorCode(error)] ?? "this is not JSON",
      span: { start: offset, end: offset + length },
    }));

const spanOf = ({ offset, length }: Node): Span => ({ start: offset, end: offset + length });

/** Keys that an object repeats: the last one would win, which nobody means. */
const repeated = (node: Node, faults: Fault[]): Fault[] => {
  const seen = new Set<unknown>();
  for (const child of node.children ?? []) {
    const [key, value] = child.type === "property" ? (child.children ?? []) : [];
    if (key !== undefined && seen.has(key.value)) {
      faults.push({ message: "duplicate key", span: spanOf(key) });
    }
    seen.add(key?.value);
    repeated(value ?? child, faults);
  }
  return faults;
};

const nodeOf = (node: Node, key?: Node): TextNode => ({
  span: spanOf(node),
  key: key && spanOf(key),
  kind: node.type === "object" ? "object" : node.type === "array" ? "list" : "scalar",
  members: lazyMembers(() =>
    (node.children ?? []).flatMap((child, index): [string, TextNode][] => {
      if (node.type === "array") return [[String(index), nodeOf(child)]];
      const [name, value] = child.children ?? [];
      return name === undefined || value === undefined ? [] : [[String(name.value), nodeOf(value, name)]];
    }),
  ),
});

/** Reads JSON with comments. */
export const readJson = (text: string): Source | Malformed => {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, OPTIONS);
  if (errors.length > 0) return { faults: faultsOf(errors) };
  if (root === undefined) return { faults: [{ message: "the file is empty", span: { start: 0, end: 0 } }] };
  return { input: getNodeValue(root) as unknown, root: nodeOf(root), faults: repeated(root, []) };
};
