/** YAML config files (YAML 1.2, core schema). */
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument } from "yaml";
import type { ConfigPath } from "./problem.ts";
import type { Malformed, Source, Span } from "./source-text.ts";

const spanOf = (node: unknown): Span | undefined => {
  const range = (node as Partial<Node> | null | undefined)?.range;
  return range === undefined || range === null ? undefined : { start: range[0], end: range[1] };
};

const pairOf = (node: unknown, key: string | number): Pair | undefined =>
  isMap(node)
    ? node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key))
    : undefined;

const locateIn =
  (document: Document) =>
  (path: ConfigPath, at: "key" | "value"): Span | undefined => {
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

/** Reads YAML. Repeated keys are an error. */
export const readYaml = (text: string): Source | Malformed => {
  const document = parseDocument(text, { prettyErrors: false, version: "1.2" });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return {
      faults: broken.map(({ message, pos }) => ({
        message: `this is not YAML: ${message.replace(/^./, (first) => first.toLowerCase())}`,
        span: { start: pos[0], end: Math.max(pos[1], pos[0] + 1) },
      })),
    };
  }
  if (document.contents === null)
    return { faults: [{ message: "the file is empty", span: { start: 0, end: 0 } }] };
  try {
    return { input: document.toJS() as unknown, locate: locateIn(document) };
  } catch {
    // Aliases of aliases that unfold into more than anybody writes.
    return { faults: [{ message: "aliases unfold too far", span: { start: 0, end: 0 } }] };
  }
};
