/** YAML config files (YAML 1.2, core schema, with merge keys). */
import * as yaml from "yaml";
import {
  type Fault,
  lazyMembers,
  type Malformed,
  type Source,
  type Span,
  type TextNode,
} from "./source-text.ts";

const NOWHERE: Span = { start: 0, end: 0 };

const spanOf = (node: unknown): Span => {
  const range = (node as Partial<yaml.Node> | null | undefined)?.range;
  return range === undefined || range === null ? NOWHERE : { start: range[0], end: range[1] };
};

const MERGE_KEY = "<<";

/** What a mapping takes over by `<<`, and then its own, which win. */
const pairsOf = (map: unknown, document: yaml.Document): yaml.Pair[] => {
  const node = yaml.isAlias(map) ? map.resolve(document) : map;
  if (yaml.isSeq(node)) return node.items.toReversed().flatMap((item) => pairsOf(item, document));
  if (!yaml.isMap(node)) return [];
  const isMerge = ({ key }: yaml.Pair): boolean => yaml.isScalar(key) && key.source === MERGE_KEY;
  const merged = node.items.filter(isMerge).flatMap(({ value }) => pairsOf(value, document));
  return [...merged, ...node.items.filter((pair) => !isMerge(pair))];
};

const nodeOf = (given: unknown, document: yaml.Document, key?: unknown): TextNode => {
  const node = yaml.isAlias(given) ? given.resolve(document) : given;
  return {
    span: node === null || node === undefined ? spanOf(key) : spanOf(node),
    key: key === undefined ? undefined : spanOf(key),
    kind: yaml.isMap(node) ? "object" : yaml.isSeq(node) ? "list" : "scalar",
    members: lazyMembers(() =>
      yaml.isSeq(node)
        ? node.items.map((item, index) => [String(index), nodeOf(item, document)] as const)
        : pairsOf(node, document).flatMap((pair) =>
            yaml.isScalar(pair.key)
              ? [[String(pair.key.value), nodeOf(pair.value, document, pair.key)] as const]
              : [],
          ),
    ),
  };
};

/** Where what the parser says helps nobody. */
const FAULTS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "duplicate key",
  MULTIPLE_DOCS: "a second document starts here; a config is one document",
  RESOURCE_EXHAUSTION: "nested too deeply",
};

const faultOf = ({ code, message, pos }: yaml.YAMLError): Fault => ({
  message: FAULTS[code] ?? `this is not YAML: ${message.replace(/^./, (first) => first.toLowerCase())}`,
  span: { start: pos[0], end: Math.max(pos[1], pos[0] + 1) },
});

/** Aliases of what is not there; where there are none, the first alias. */
const aliasFaults = (document: yaml.Document): Fault[] => {
  const aliases: yaml.Alias[] = [];
  yaml.visit(document, { Alias: (_, alias) => void aliases.push(alias) });
  const dangling = aliases.filter((alias) => alias.resolve(document) === undefined);
  if (dangling.length > 0) {
    return dangling.map((alias) => ({
      message: `there is no anchor "&${alias.source}" before this`,
      span: spanOf(alias),
    }));
  }
  // Aliases of aliases that unfold into more than anybody writes.
  return aliases.slice(0, 1).map((alias) => ({ message: "aliases unfold too far", span: spanOf(alias) }));
};

/** Reads YAML. Repeated keys are a fault. */
export const readYaml = (text: string): Source | Malformed => {
  const document = yaml.parseDocument(text, { prettyErrors: false, version: "1.2", merge: true });
  const broken = [...document.errors, ...document.warnings];
  const faults = broken.map(faultOf);
  if (broken.some(({ code }) => code !== "DUPLICATE_KEY")) return { faults };
  if (document.contents === null) return { faults: [{ message: "the file is empty", span: NOWHERE }] };
  try {
    return { input: document.toJS() as unknown, root: nodeOf(document.contents, document), faults };
  } catch {
    return { faults: [...faults, ...aliasFaults(document)] };
  }
};
