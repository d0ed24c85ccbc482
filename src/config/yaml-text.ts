/** YAML config files (YAML 1.2, core schema). */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import type { Fault, Locate, Malformed, Source, Span } from "./source-text.ts";

const spanOf = (node: unknown): Span | undefined => {
  const range = (node as Partial<Node> | null | undefined)?.range;
  return range === undefined || range === null ? undefined : { start: range[0], end: range[1] };
};

type PairOf = (node: unknown, key: string | number) => Pair | undefined;

/** Finds members, of a key that stands twice the last, whose value is the one that is read. Each mapping's keys are gone through once. */
const pairFinder = (): PairOf => {
  const members = new Map<unknown, ReadonlyMap<string, Pair>>();
  return (node, key) => {
    if (!isMap(node)) return undefined;
    let found = members.get(node);
    if (found === undefined) {
      found = new Map(
        node.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [])),
      );
      members.set(node, found);
    }
    return found.get(String(key));
  };
};

const locateIn = (document: Document): Locate => {
  const pairOf = pairFinder();
  return (path, at) => {
    let node: unknown = document.contents;
    let key: unknown;
    let reached = true;
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(document);
      const pair = pairOf(node, step);
      const item: unknown = isSeq(node) ? node.items[Number(step)] : undefined;
      // A key that the long form has, where a short form stands.
      if (typeof step === "string" && !isMap(node)) continue;
      reached = pair !== undefined || item !== undefined;
      if (!reached) break;
      key = pair?.key;
      node = pair === undefined ? item : (pair.value ?? pair.key);
    }
    const whole = !reached || isMap(node) || isSeq(node);
    return spanOf((at === "key" || whole) && key !== undefined ? key : node) ?? spanOf(key);
  };
};

/** Where what the parser says helps nobody. */
const FAULTS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "this key stands twice",
  MULTIPLE_DOCS: "a second document starts here; a config is one document",
  RESOURCE_EXHAUSTION: "nested too deeply",
};

const faultOf = ({ code, message, pos }: YAMLError): Fault => ({
  message: FAULTS[code] ?? `this is not YAML: ${message.replace(/^./, (first) => first.toLowerCase())}`,
  span: { start: pos[0], end: Math.max(pos[1], pos[0] + 1) },
});

/** Aliases of what is not there; where there are none, the first alias. */
const aliasFaults = (document: Document): Fault[] => {
  const aliases: Alias[] = [];
  visit(document, { Alias: (_, alias) => void aliases.push(alias) });
  const dangling = aliases.filter((alias) => alias.resolve(document) === undefined);
  const faults = dangling.map((alias) => ({
    alias,
    message: `there is no anchor "&${alias.source}" before this`,
  }));
  const [first] = aliases;
  // Aliases of aliases that unfold into more than anybody writes.
  if (faults.length === 0 && first !== undefined)
    faults.push({ alias: first, message: "aliases unfold too far" });
  return faults.map(({ alias, message }) => ({ message, span: spanOf(alias) ?? { start: 0, end: 0 } }));
};

/** Reads YAML. Repeated keys are a fault. */
export const readYaml = (text: string): Source | Malformed => {
  const document = parseDocument(text, { prettyErrors: false, version: "1.2" });
  const broken = [...document.errors, ...document.warnings];
  const faults = broken.map(faultOf);
  if (broken.some(({ code }) => code !== "DUPLICATE_KEY")) return { faults };
  if (document.contents === null)
    return { faults: [{ message: "the file is empty", span: { start: 0, end: 0 } }] };
  try {
    return { input: document.toJS() as unknown, locate: locateIn(document), faults };
  } catch {
    return { faults: [...faults, ...aliasFaults(document)] };
  }
};
