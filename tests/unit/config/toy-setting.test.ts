import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, readSource } from "../../support/sources.ts";

const PAGE = readSource("examples/adding-a-setting.md");
const [DEFINITION = "", READER = ""] = Array.from(
  PAGE.matchAll(/^```ts\n([\s\S]*?)^```$/gm),
  ([, code]) => code,
);
const [, FILE = "", OBJECT = ""] = /in `([^`]+)`, among the keys of `(\w+)`/.exec(PAGE) ?? [];

/** A copy of the project. */
let copy = "";

const run = (command: string, ...args: readonly string[]): string => {
  const { stdout, stderr, status } = spawnSync(command, args, { cwd: copy, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
};

const binary = (name: string): string => join(ROOT, "node_modules/.bin", name);

/** What `expression` is in a module of the copy that has the config's functions. */
const evaluated = (expression: string): unknown => {
  const code = `
import { parseConfig } from "./src/config/parse.ts";
import { ConfigError } from "./src/config/config-error.ts";
import { applyEnvironment } from "./src/config/environment.ts";
import { effective } from "./src/config/effective.ts";
import { refusals } from "./src/config/requirements.ts";
import { configSchema } from "./src/config/settings/config.ts";
import { explicitPaths } from "./src/config/tree.ts";
const api = (pool) => ({ upstreams: { api: { endpoints: "http://a", pool } } });
const said = (input) => { try { parseConfig(input); return ""; } catch (error) { return error.message; } };
console.log(JSON.stringify(${expression}));`;
  writeFileSync(join(copy, "probe.ts"), code);
  return JSON.parse(run(binary("node"), "probe.ts"));
};

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "fairlead-toy-setting-"));
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  for (const path of [
    "src",
    "scripts",
    "docs/configuration.md",
    "schema.json",
    "package.json",
    "tsconfig.json",
  ]) {
    cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  }
  const source = readFileSync(join(copy, FILE), "utf8");
  const start = `"${OBJECT}", {`;
  if (source.split(start).length !== 2) throw new Error(`${FILE} has no ${start}`);
  writeFileSync(join(copy, FILE), source.replace(start, `${start}\n${DEFINITION}`));
  const { scripts } = JSON.parse(readSource("package.json")) as { scripts: { docs: string } };
  for (const [, script = ""] of scripts.docs.matchAll(/node (scripts\/config-\S+)/g))
    run(binary("node"), script);
}, 60_000);

afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe("a setting added as examples/adding-a-setting.md shows", () => {
  it("is read, with its default", () => {
    expect(
      evaluated(
        "[parseConfig(api({})), parseConfig(api({ maxAge: '2m' }))].map((c) => c.upstreams.api.pool.maxAgeMs)",
      ),
    ).toEqual([3_600_000, 120_000]);
  });

  it("is told of where it is wrong or misspelt", () => {
    const [wrong, misspelt] = evaluated(
      "[said(api({ maxAge: '2 fortnights' })), said(api({ maxAeg: '2m' }))]",
    ) as string[];
    expect(wrong).toMatch(/^upstreams\.api\.pool\.maxAge: expected a duration .* found "2 fortnights"$/);
    expect(misspelt).toBe('upstreams.api.pool.maxAeg: unknown key; did you mean "maxAge"?');
  });

  it("has a variable, a place in the effective config, and its capability", () => {
    const input =
      'applyEnvironment(configSchema, api({}), { FAIRLEAD_UPSTREAMS_API_POOL_MAX_AGE: "5s" }).input';
    expect(evaluated(`${input}.upstreams.api.pool`)).toEqual({ maxAge: "5s" });
    expect(evaluated(`effective(api({}), () => undefined).upstreams.api.pool.maxAge`)).toBe("1h");
    const refused = `refusals(parseConfig(i), explicitPaths(i), { name: "toy", capabilities: new Set() })`;
    expect(
      evaluated(`[api({ maxAge: "1s" })].flatMap((i) => ${refused}.map(({ path }) => path.join(".")))`),
    ).toEqual(["upstreams.api.pool.maxAge"]);
  });

  it("stands in the JSON Schema, the reference and the types, with its sentence and default", () => {
    const about = "Time after which a connection is closed, used or not.";
    const made = (path: string): string => readFileSync(join(copy, path), "utf8");
    expect(made("schema.json")).toContain(`"description": "${about}",\n                    "default": "1h"`);
    expect(made("docs/configuration.md")).toContain(`  - \`maxAge\`: ${about} A duration. Default \`1h\`.`);
    expect(made("src/config/types.ts")).toContain(
      `  /** ${about} @default "1h" */\n  readonly maxAge?: DurationInput | undefined;`,
    );
  });

  it("has its type where it is read", () => {
    const reader = `import type { Config } from "./src/config/types.ts";\nexport ${READER}`;
    writeFileSync(join(copy, "reader.ts"), reader);
    const options = { extends: "./tsconfig.json", include: ["reader.ts"] };
    writeFileSync(join(copy, "tsconfig.reader.json"), JSON.stringify(options));
    expect(run(binary("tsc"), "-p", "tsconfig.reader.json")).toBe("");
  }, 60_000);
});
