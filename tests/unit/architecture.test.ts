import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import {
  codeOf,
  loadedWith,
  readSource,
  resolveSpecifier,
  sourceFiles,
  specifiersOf,
} from "../support/sources.ts";

/** Lower stands before higher; who is equal must be the same folder. */
const RANKS: readonly (readonly [folder: RegExp, rank: number])[] = [
  [/^src\/http$/, 0],
  [/^src\/http1$/, 1],
  [/^src\/core$/, 2],
  [/^src\/config$/, 4],
  [/^src\/[\w-]+$/, 3],
  [/^src$/, 5],
  [/^middleware$/, 6],
  [/^handlers$/, 7],
  [/^runtimes$/, 8],
  [/^cli$/, 9],
  [/^bin$/, 10],
];

/** `src/http`, `runtimes`, …: what the rule speaks of. */
const folderOf = (path: string): string => {
  const [top = "", second = "", third] = path.split("/");
  return top === "src" && third !== undefined ? `src/${second}` : top;
};

const rankOf = (path: string): number =>
  RANKS.find(([folder]) => folder.test(folderOf(path)))?.[1] ?? Number.POSITIVE_INFINITY;

const FILES = sourceFiles("src", "middleware", "handlers", "runtimes", "cli", "bin");
const NEUTRAL = FILES.filter((path) => /^(src|middleware|handlers)\//.test(path));

const imports = FILES.flatMap((path) =>
  specifiersOf(readSource(path)).map((specifier) => ({ path, specifier })),
);
const relativeImports = imports
  .filter(({ specifier }) => specifier.startsWith("."))
  .map(({ path, specifier }) => ({ path, target: resolveSpecifier(path, specifier) }));
const packageImports = imports.filter(({ specifier }) => !specifier.startsWith("."));

const arrow = ({ path, target }: { path: string; target: string }): string => `${path} → ${target}`;

describe("dependency rule", () => {
  it("lets each folder import only what stands before it", () => {
    const wrong = relativeImports.filter(
      ({ path, target }) =>
        rankOf(target) > rankOf(path) ||
        (rankOf(target) === rankOf(path) && folderOf(target) !== folderOf(path)),
    );
    expect(wrong.map(arrow)).toEqual([]);
  });

  /** What several runtimes stand on, and who they are. */
  const SHARED: ReadonlyMap<string, readonly string[]> = new Map([
    ["engine", ["bun", "deno", "node"]],
    ["fetch", ["engine", "memory", "workers"]],
  ]);

  it("keeps runtimes apart from each other", () => {
    const runtimeOf = (path: string): string | undefined => /^runtimes\/([\w-]+)\//.exec(path)?.[1];
    const wrong = relativeImports.filter(({ path, target }) => {
      const [from, to] = [runtimeOf(path), runtimeOf(target)];
      return from !== undefined && to !== undefined && to !== from && SHARED.get(to)?.includes(from) !== true;
    });
    expect(wrong.map(arrow)).toEqual([]);
  });

  it("knows every import of the sources", () => {
    expect(specifiersOf('import a from "x";\nexport {\n  b,\n} from "./y.ts";\nimport "./z.ts";')).toEqual([
      "x",
      "./y.ts",
      "./z.ts",
    ]);
    expect(specifiersOf('const m = await import("./m.ts");\n// import n from "n";')).toEqual(["./m.ts"]);
    expect(relativeImports.length).toBeGreaterThan(50);
  });
});

describe("packages", () => {
  /** What each folder may use besides the project's own files. */
  const ALLOWED: readonly (readonly [folder: RegExp, packages: RegExp])[] = [
    [/^src\/config\//, /^(jsonc-parser|yaml|ipaddr\.js)$/],
    [/^src\/routing\/regex\.ts$/, /^re2js$/],
    [/^src\/observe\/metric-producer\.ts$/, /^@opentelemetry\/(api|resources|sdk-metrics)$/],
    [/^src\/otlp-records\.ts$/, /^@opentelemetry\/(resources|otlp-transformer)$/],
    [/^src\/metric-push\.ts$/, /^@opentelemetry\/otlp-transformer$/],
    [/^src\//, /^ipaddr\.js$/],
    [/^(middleware|handlers)\//, /^hono(\/|$)/],
    [/^runtimes\/x509\.ts$/, /^(@peculiar\/x509|reflect-metadata)$/],
    [/^runtimes\/engine\/acme\/acme-client\.ts$/, /^(jose$|node:)/],
    [/^runtimes\/(engine|node|deno|bun)\//, /^node:/],
    [/^runtimes\/workers\//, /^(hono(\/|$)|cloudflare:|fairlead-config$)/],
    [/^runtimes\//, /^hono(\/|$)/],
    [/^cli\//, /^(commander|hono|string-width)$/],
    [/^bin\//, /^(node:|@hono\/node-server$)/],
  ];

  it("are imported only where they belong", () => {
    const wrong = packageImports.filter(({ path, specifier }) => {
      const rule = ALLOWED.find(([folder]) => folder.test(path));
      return rule?.[1].test(specifier) !== true;
    });
    expect(wrong.map(({ path, specifier }) => `${path} → ${specifier}`)).toEqual([]);
  });
});

describe("a start", () => {
  const loaded = [
    ...loadedWith(
      "bin/run.ts",
      "cli/start.ts",
      "runtimes/engine/serve-config.ts",
      ...["node", "deno", "bun"].map((runtime) => `runtimes/${runtime}/platform.ts`),
    ),
  ];

  it("loads few packages", () => {
    const packages = loaded.filter((each) => !each.endsWith(".ts") && !each.startsWith("node:"));
    expect(packages.toSorted()).toEqual(["commander", "ipaddr.js", "re2js"]);
  });

  it("loads nothing that takes an admin section, ACME or threads", () => {
    const some = /^(handlers\/(admin|dashboard)|runtimes\/engine\/(admin-site|acme\/|threads\/))/;
    expect(loaded.filter((each) => some.test(each))).toEqual(["runtimes/engine/threads/thread-count.ts"]);
    expect(loaded).toContain("runtimes/engine/gateway-server.ts");
  });
});

describe("src, middleware and handlers", () => {
  const found = (pattern: RegExp): readonly string[] =>
    NEUTRAL.flatMap((path) =>
      codeOf(readSource(path))
        .split("\n")
        .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );

  it("use no global of a runtime", () => {
    expect(found(/(?<![.\w"'`-])(process|Deno|Bun|Buffer|navigator|caches|globalThis)[.[(]/)).toEqual([]);
  });

  /** In somebody else's app there is no platform to ask for the time. */
  const OWN_TIME = "middleware/web-standard.ts";

  it("use no ambient clock, timer, randomness, network or console", () => {
    expect(
      found(
        /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|(?<![.\w])(performance|console)\.|(?<![.\w])(setTimeout|setInterval|setImmediate)\(|\bawait fetch\(/,
      ).filter((place) => !place.includes(OWN_TIME)),
    ).toEqual([]);
  });

  it("hold no mutable state in modules", () => {
    expect(found(/^(?:export )?(?:let|var) /)).toEqual([]);
    expect(
      found(/^(?:export )?const [\w$]+(?:: [^=]+)? = (?:new (?:Weak)?(?:Map|Set)\(\)|\[\]|\{\});?$/),
    ).toEqual([]);
  });

  it("have one barrel", () => {
    expect(NEUTRAL.filter((path) => basename(path) === "mod.ts")).toEqual([
      "middleware/mod.ts",
      "src/mod.ts",
    ]);
  });
});

describe("lint exceptions", () => {
  it("say why", () => {
    const all = sourceFiles(
      "src",
      "middleware",
      "handlers",
      "runtimes",
      "cli",
      "bin",
      "scripts",
      "tests",
      "bench",
    );
    const silent = all.flatMap((path) =>
      readSource(path)
        .split("\n")
        .flatMap((line, index) =>
          /^\s*(?:\/\/|\/\*).*(?:oxlint|eslint)-disable/.test(line) &&
          !/-disable[\w-]*\s.*\s--\s+\S/.test(line)
            ? [`${path}:${index + 1}`]
            : [],
        ),
    );
    expect(silent).toEqual([]);
  });
});
