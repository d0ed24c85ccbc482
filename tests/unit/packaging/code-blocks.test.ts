import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, readSource, sourceFiles } from "../../support/sources.ts";

interface Block {
  readonly name: string;
  readonly code: string;
}

/** TypeScript blocks of a page, or of the comments of a source file. */
const blocksOf = (path: string): readonly Block[] => {
  const source = readSource(path);
  const text = path.endsWith(".ts") ? source.replaceAll(/^ *\* ?/gm, "") : source;
  return [...text.matchAll(/^```ts\n([\s\S]*?)\n```$/gm)].map((match, index) => ({
    name: `${path}, block ${index + 1}`,
    code: match[1] ?? "",
  }));
};

const BLOCKS = [
  ...["docs/library.md", "docs/observability.md", "docs/migrating.md"].flatMap(blocksOf),
  ...sourceFiles("src", "middleware", "handlers", "runtimes").flatMap(blocksOf),
];

const { exports } = JSON.parse(readSource("deno.json")) as { exports: Record<string, string> };
/** Files behind the package's names, with Node's entry. */
const ENTRIES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ ...exports, ".": "./runtimes/node/entry.ts" }).map(([specifier, path]) => [
    `fairlead${specifier.slice(1)}`,
    join(ROOT, path),
  ]),
);

let folder = "";
const files = new Map<Block, string>();

beforeAll(() => {
  // Below the project, so that its dependencies are found.
  const parent = join(ROOT, "node_modules/.cache");
  mkdirSync(parent, { recursive: true });
  folder = mkdtempSync(join(parent, "code-blocks-"));
  for (const [index, block] of BLOCKS.entries()) {
    const file = join(folder, `block-${index}.ts`);
    const code = block.code.replaceAll(
      /(?<=from ")fairlead[^"]*(?=")/g,
      (name) => ENTRIES[name] ?? `unknown:${name}`,
    );
    writeFileSync(file, `${code}\nexport {};\n`);
    files.set(block, file);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("TypeScript in documents and comments", () => {
  it("is there", () => {
    expect(BLOCKS.length).toBeGreaterThan(7);
  });

  it("has the types that it says", () => {
    const tsconfig = {
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: {
        isolatedDeclarations: false,
        declaration: false,
        rewriteRelativeImportExtensions: false,
        typeRoots: [join(ROOT, "node_modules/@types")],
      },
      include: ["*.ts", join(ROOT, "runtimes/workers/modules.d.ts")],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    const { stdout } = spawnSync(tsc, ["-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
  }, 60_000);

  it.each(BLOCKS.filter(({ code }) => !code.includes("cloudflare:")))("runs: $name", async (block) => {
    await expect(import(pathToFileURL(files.get(block) ?? "").href)).resolves.toBeDefined();
  });
});
