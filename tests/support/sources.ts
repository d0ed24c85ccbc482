/** The project's own source files, read as text: for tests that hold rules about them. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Paths below the project's root, in order. */
export const sourceFiles = (...folders: readonly string[]): readonly string[] =>
  folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
        .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
    )
    .toSorted();

export const readSource = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Without comments; the lines stay where they are. Good for code that keeps to the formatter's shape. */
export const codeOf = (source: string): string =>
  source
    .replaceAll(/^\s*\/\*[\s\S]*?\*\/$/gm, (comment) => comment.replaceAll(/[^\n]/g, ""))
    .replaceAll(/^\s*\/\/.*$/gm, "")
    .replaceAll(/\s\/\/ .*$/gm, "");

const STATIC = /^(?:import|export)\s(?:[^"';=]*?\sfrom\s)?"([^"]+)"/gm;
const TYPE_ONLY = /^(?:import|export)\s+type\s/;
const DYNAMIC = /\bimport\(\s*"([^"]+)"\s*\)/g;

/** What a file imports and re-exports, types and dynamic imports included. */
export const specifiersOf = (source: string): readonly string[] => {
  const code = codeOf(source);
  return [STATIC, DYNAMIC].flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ""));
};

/** The file that a relative specifier means, below the project's root. */
export const resolveSpecifier = (from: string, specifier: string): string =>
  relative(ROOT, resolve(ROOT, dirname(from), specifier));

/** Files and packages that are loaded with the modules at `paths`: without types and dynamic imports. */
export const loadedWith = (...paths: readonly string[]): ReadonlySet<string> => {
  const loaded = new Set(paths);
  for (const path of loaded) {
    if (!path.endsWith(".ts")) continue;
    for (const [statement, specifier = ""] of codeOf(readSource(path)).matchAll(STATIC)) {
      if (TYPE_ONLY.test(statement)) continue;
      loaded.add(specifier.startsWith(".") ? resolveSpecifier(path, specifier) : specifier);
    }
  }
  return loaded;
};

const LISTED = /^export\s+(?:type\s+)?\{([^}]*)\}(?:\s+from\s+"([^"]+)")?/gm;
const ALL_OF = /^export\s+(?:type\s+)?\*\s+from\s+"([^"]+)"/gm;
const DECLARED =
  /^export\s+(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(const|function|class|interface|type)\s+([\w$]+)/gm;

/** Names that the module at `path` exports, each with "type " in front where it is no value. */
export const exportedNames = (path: string): readonly string[] => {
  const code = codeOf(readSource(path));
  const names = new Set<string>();
  for (const [, kind = "", name = ""] of code.matchAll(DECLARED)) {
    names.add(kind === "interface" || kind === "type" ? `type ${name}` : name);
  }
  for (const [statement, list = ""] of code.matchAll(LISTED)) {
    const allTypes = /^export\s+type/.test(statement);
    for (const item of list.split(",").map((text) => text.trim())) {
      if (item === "") continue;
      const isType = allTypes || item.startsWith("type ");
      const name =
        item
          .replace(/^type /, "")
          .split(/\sas\s/)
          .at(-1) ?? "";
      names.add(isType ? `type ${name}` : name);
    }
  }
  for (const [statement, target = ""] of code.matchAll(ALL_OF)) {
    const typesOnly = /^export\s+type/.test(statement);
    for (const name of exportedNames(resolveSpecifier(path, target))) {
      names.add(typesOnly && !name.startsWith("type ") ? `type ${name}` : name);
    }
  }
  return [...names].toSorted();
};
