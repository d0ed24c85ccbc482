import { afterEach, describe, expect, it, vi } from "vitest";
import type { Capability } from "../../../src/core/capability.ts";
import { ConfigError } from "../../../src/config/config-error.ts";
import { readJson } from "../../../src/config/json-text.ts";
import { MOST_SHOWN } from "../../../src/config/problem.ts";
import { refusals } from "../../../src/config/requirements.ts";
import { placesIn, spanAt } from "../../../src/config/source-text.ts";
import { readYaml } from "../../../src/config/yaml-text.ts";
import { load, loadSome, reportOf } from "../../support/config-files.ts";

afterEach(() => void vi.restoreAllMocks());

const wrong = (count: number): object => ({
  upstreams: Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`u${i}`, { endpoints: "http://a", pool: { connections: 0 } }]),
  ),
  routes: Array.from({ length: count }, (_, i) => ({
    match: { path: `/p${i}` },
    upstream: `v${i}`,
  })),
});

/** Members looked at and characters gone through, at most, by what goes through a whole list or text. */
const workOf = async (task: () => Promise<unknown>): Promise<number> => {
  let work = 0;
  const count = <Target extends object>(target: Target, names: readonly (keyof Target & string)[]): void => {
    for (const name of names) {
      const original = target[name] as (this: ArrayLike<unknown>, ...args: readonly unknown[]) => unknown;
      vi.spyOn(target, name as never).mockImplementation(function (
        this: ArrayLike<unknown>,
        ...args: unknown[]
      ) {
        work += this.length;
        return Reflect.apply(original, this, args);
      } as never);
    }
  };
  count(String.prototype, ["indexOf", "lastIndexOf", "split", "replace", "replaceAll", "matchAll"]);
  count(Array.prototype, ["find", "findLast", "filter", "includes", "indexOf"]);
  await task();
  vi.restoreAllMocks();
  return work;
};

const problemsOf = async (text: string): Promise<readonly unknown[]> => {
  try {
    await load({ files: { "fairlead.json": text } });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

const [LESS, MORE] = [300, 1200] as const;

describe("many problems", () => {
  it.each([
    ["a line each", 2],
    ["all in one line", 0],
  ])("are found and placed with work that grows as their number does (%s)", async (_, indent) => {
    const textOf = (count: number): string => JSON.stringify(wrong(count), null, indent);
    expect(await problemsOf(textOf(MORE))).toHaveLength(2 * MORE);
    const before = await workOf(() => problemsOf(textOf(LESS)));
    const after = await workOf(() => problemsOf(textOf(MORE)));
    expect(after / before).toBeLessThan((MORE / LESS) * 1.5);
  });

  it.each([
    ["JSON", readJson],
    ["YAML", readYaml],
  ])("are located in %s with work that grows as their number does", async (_, read) => {
    const workFor = (count: number): Promise<number> => {
      const source = read(JSON.stringify(wrong(count), null, 2));
      if (!("root" in source)) throw new Error("malformed");
      return workOf(async () => {
        for (let i = 0; i < count; i++) {
          spanAt(source.root, ["upstreams", `u${i}`, "pool", "connections"], "value");
          spanAt(source.root, ["routes", i, "upstream"], "value");
        }
      });
    };
    const before = await workFor(LESS);
    expect(await workFor(MORE)).toBeLessThanOrEqual(before * (MORE / LESS) * 1.5);
  });

  it("are placed with one more reading of the file where a runtime refuses them", async () => {
    const text = JSON.stringify({
      upstreams: { a: { endpoints: "http://a", timeouts: { connect: 1 } } },
      routes: Array.from({ length: MORE }, () => ({ upstream: "a", rewrite: { host: "b" } })),
    });
    const loaded = await loadSome({ files: { "fairlead.json": text } });
    const none = { name: "none", capabilities: new Set<Capability>() };
    const refused = refusals(loaded.config, loaded.explicit, none);
    const work = await workOf(() => loaded.located(refused));
    expect(refused).toHaveLength(MORE + 1);
    expect(work).toBeLessThan(20 * text.length);
  });

  it("are shown up to a hundred, with the number of the others", async () => {
    const report = await reportOf({ files: { "fairlead.json": JSON.stringify(wrong(80), null, 2) } });
    expect(report).toMatch(/^The config has 160 problems:\n\nfairlead\.json:/);
    expect(report.match(/^fairlead\.json:\d+:\d+: /gm)).toHaveLength(100);
    expect(report).toMatch(/\n\n… and 60 more\n$/);
  });

  it("all have their place, and lines only where they are shown", async () => {
    const problems = (await problemsOf(JSON.stringify(wrong(80), null, 2))) as ConfigError["problems"];
    expect(problems.filter(({ place }) => place?.line !== undefined)).toHaveLength(160);
    expect(problems.findIndex(({ place }) => place?.text === undefined)).toBe(100);
  });
});

describe("places", () => {
  const text = "ab\r\n\ncd\n";
  it.each([
    [0, 1, { line: 1, column: 1, text: "ab", length: 1 }],
    [1, 6, { line: 1, column: 2, text: "ab", length: 1 }],
    [3, 4, { line: 1, column: 4, text: "ab", length: 1 }],
    [4, 5, { line: 2, column: 1, text: "", length: 1 }],
    [5, 7, { line: 3, column: 1, text: "cd", length: 2 }],
    [8, 9, { line: 4, column: 1, text: "", length: 1 }],
    [99, 100, { line: 4, column: 1, text: "", length: 1 }],
  ])("of the span %i to %i count from 1", (start, end, place) => {
    expect(placesIn("f", text)({ start, end })).toEqual({ source: "f", ...place });
  });
});

it("near names are looked for only as often as a report could show them", async () => {
  const unknown = Object.fromEntries(Array.from({ length: LESS }, (_, i) => [`rout${i}`, 1]));
  const problems = await problemsOf(JSON.stringify(unknown));
  const guessed = problems.filter((problem) => JSON.stringify(problem).includes("did you mean"));
  // No routes is one more.
  expect([problems.length, guessed.length]).toEqual([LESS + 1, MOST_SHOWN]);
});

it("near names of path parameters are looked for only as often as a report could show them", async () => {
  const set = Object.fromEntries(Array.from({ length: LESS }, (_, i) => [`x-${i}`, `\${param.name${i}}`]));
  const config = {
    upstreams: { app: "http://a" },
    routes: [{ match: { path: "/:name" }, upstream: "app", requestHeaders: { set } }],
  };
  const problems = await problemsOf(JSON.stringify(config));
  const guessed = problems.filter((problem) => JSON.stringify(problem).includes("did you mean"));
  expect([problems.length, guessed.length]).toEqual([LESS, MOST_SHOWN]);
});
