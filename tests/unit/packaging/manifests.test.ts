import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { VERSION } from "../../../src/version.ts";
import { ROOT, readSource } from "../../support/sources.ts";

interface PackageJson {
  readonly version: string;
  readonly license: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

interface DenoJson {
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
}

const pkg = JSON.parse(readSource("package.json")) as PackageJson;
const deno = JSON.parse(readSource("deno.json")) as DenoJson;

/** Every file of an export, whatever its condition. */
const targets = (entry: unknown): readonly string[] =>
  typeof entry === "string" ? [entry] : Object.values(entry as Record<string, unknown>).flatMap(targets);

const sourceOf = (built: string): string =>
  built.replace(/^\.\/dist\//, "./").replace(/(\.d\.ts|\.js)$/, ".ts");

describe("manifests", () => {
  it("agree on version and licence", () => {
    expect([deno.version, VERSION]).toEqual([pkg.version, pkg.version]);
    expect(deno.license).toBe(pkg.license);
    expect(readSource("CHANGELOG.md")).toContain(`## [${pkg.version}]`);
  });

  it("export the same names, and the same sources behind them", () => {
    const files = new Set(["./schema.json", "./package.json"]);
    const names = Object.keys(pkg.exports).filter((name) => !files.has(name));
    expect(names.toSorted()).toEqual(Object.keys(deno.exports).toSorted());
    for (const name of names) {
      expect(targets(pkg.exports[name]).map(sourceOf)).toContain(deno.exports[name]);
    }
  });

  it("export only what stands in the sources", () => {
    const built = [...Object.values(pkg.exports).flatMap(targets), ...Object.values(pkg.bin)];
    const missing = built
      .map((path) => sourceOf(path.startsWith("./") ? path : `./${path}`))
      .filter((path) => path.endsWith(".ts") && !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
  });

  it("give types for every condition", () => {
    const untyped = Object.values(pkg.exports)
      .filter((entry) => typeof entry !== "string")
      .flatMap((entry) =>
        "default" in (entry as object) && "types" in (entry as object)
          ? [entry]
          : Object.values(entry as object),
      )
      .filter((entry) => Object.keys(entry as object)[0] !== "types");
    expect(untyped).toEqual([]);
  });

  it("ask for the same versions of dependencies", () => {
    const wanted = Object.entries(pkg.dependencies).map(([name, range]) => [name, `npm:${name}@${range}`]);
    const given = Object.entries(deno.imports).filter(([name]) => !name.endsWith("/"));
    expect(Object.fromEntries(given)).toEqual(Object.fromEntries(wanted));
  });
});
