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

/** What the copy's own functions make of the setting, by one process. */
const PROBE = `
import { proxyConfig } from "./handlers/proxy-options.ts";
import { parseConfig } from "./src/config/parse.ts";
import { applyEnvironment } from "./src/config/environment.ts";
import { effective } from "./src/config/effective.ts";
import { refusals } from "./src/config/requirements.ts";
import { configSchema } from "./src/config/settings/config.ts";
import { explicitPaths } from "./src/config/tree.ts";
const api = (pool) => ({ upstreams: { api: { endpoints: "http://a", pool } } });
const said = (input) => { try { parseConfig(input); return ""; } catch (error) { return error.message; } };
const poolOf = (config) => Object.values(config.upstreams)[0].pool;
const given = api({ maxAge: "1s" });
const toy = { name: "toy", capabilities: new Set() };
console.log(JSON.stringify({
  read: [api({}), api({ maxAge: "2m" })].map((config) => poolOf(parseConfig(config)).maxAgeMs),
  wrong: said(api({ maxAge: "2 fortnights" })),
  misspelt: said(api({ maxAeg: "2m" })),
  fromEnvironment: applyEnvironment(configSchema, api({}), { FAIRLEAD_UPSTREAMS_API_POOL_MAX_AGE: "5s" }).input,
  effective: poolOf(effective(api({}), () => undefined)).maxAge,
  refused: refusals(parseConfig(given), explicitPaths(given), toy).map(({ path }) => path.join(".")),
  byProxyTo: poolOf(parseConfig(proxyConfig("http://a", { pool: { maxAge: "2m" } }))).maxAgeMs,
}));`;

const FOLDERS = ["src", "handlers", "middleware", "runtimes", "cli", "scripts", "docs"];
const FILES = [
  "tests/unit/config",
  "tests/support",
  "schema.json",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
];

let found: Readonly<Record<string, unknown>> = {};

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "fairlead-toy-setting-"));
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  for (const path of [...FOLDERS, ...FILES]) {
    cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  }
  const source = readFileSync(join(copy, FILE), "utf8");
  const start = `"${OBJECT}", {`;
  if (source.split(start).length !== 2) throw new Error(`${FILE} has no ${start}`);
  writeFileSync(join(copy, FILE), source.replace(start, `${start}\n${DEFINITION}`));
  const { scripts } = JSON.parse(readSource("package.json")) as { scripts: { docs: string } };
  for (const [, script = ""] of scripts.docs.matchAll(/node (scripts\/config-\S+)/g))
    run(binary("node"), script);
  writeFileSync(join(copy, "probe.ts"), PROBE);
  found = JSON.parse(run(binary("node"), "probe.ts")) as typeof found;
}, 60_000);

afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe("a setting added as examples/adding-a-setting.md shows", () => {
  it("is read, with its default", () => {
    expect(found["read"]).toEqual([3_600_000, 120_000]);
  });

  it("is told of where it is wrong or misspelt", () => {
    expect(found["wrong"]).toMatch(
      /^upstreams\.api\.pool\.maxAge: expected a duration .* found "2 fortnights"$/,
    );
    expect(found["misspelt"]).toBe('upstreams.api.pool.maxAeg: unknown key; did you mean "maxAge"?');
  });

  it("has a variable, a place in the effective config, and its capability", () => {
    expect(found["fromEnvironment"]).toMatchObject({ upstreams: { api: { pool: { maxAge: "5s" } } } });
    expect(found["effective"]).toBe("1h");
    expect(found["refused"]).toEqual(["upstreams.api.pool.maxAge"]);
  });

  it("is an option of proxyTo", () => {
    expect(found["byProxyTo"]).toBe(120_000);
  });

  it("breaks no test of the config", () => {
    const tests = ["generated", "json-schema", "parse", "docs"].map(
      (name) => `tests/unit/config/${name}.test.ts`,
    );
    expect(run(binary("vitest"), "run", "--project", "unit", ...tests)).toMatch(/Test Files .*4 passed/);
  }, 180_000);

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
    const reader = `import type { ProxyOptions } from "./handlers/proxy-options.ts";
import type { Config } from "./src/config/types.ts";
export const options: ProxyOptions = { pool: { maxAge: "2m" } };
export ${READER}`;
    writeFileSync(join(copy, "reader.ts"), reader);
    const options = { extends: "./tsconfig.json", include: ["reader.ts"] };
    writeFileSync(join(copy, "tsconfig.reader.json"), JSON.stringify(options));
    expect(run(binary("tsc"), "-p", "tsconfig.reader.json")).toBe("");
  }, 60_000);
});
