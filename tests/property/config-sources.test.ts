import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { variableNames } from "../../src/config/environment.ts";
import { configSchema } from "../../src/config/settings/config.ts";
import { explicitPaths, merge, valueAt } from "../../src/config/tree.ts";
import { parseDuration, parseSize } from "../../src/config/units.ts";
import { loadSome } from "../support/config-files.ts";

/** Settings with a variable each, and how a value of theirs shows in the config. */
const SETTINGS = [
  { path: ["listen", "port"], variable: "LISTEN_PORT", values: [1, 2, 3, 4] },
  { path: ["listen", "limits", "headers"], variable: "LISTEN_LIMITS_HEADERS", values: [11, 12, 13, 14] },
  { path: ["requestId", "header"], variable: "REQUEST_ID_HEADER", values: ["x-a", "x-b", "x-c", "x-d"] },
  { path: ["forwarding", "via"], variable: "FORWARDING_VIA", values: ["a", "b", "c", "d"] },
  {
    path: ["upstreams", "app", "host"],
    variable: "UPSTREAMS_APP_HOST",
    values: ["a.example", "b.example", "c.example", "d.example"],
  },
] as const;

const nest = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight((inner, key) => ({ [key]: inner }), value);

/** Which of file, alias, variable and flag set each setting. */
const anySources = fc.array(
  fc.record({ file: fc.boolean(), alias: fc.boolean(), variable: fc.boolean(), flag: fc.boolean() }),
  { minLength: SETTINGS.length, maxLength: SETTINGS.length },
);

const BASE = { upstreams: { app: { endpoints: "http://a" } } };

describe("sources", () => {
  it("later one wins, whichever of them say something", async () => {
    const defaults = (await loadSome({ flags: BASE })).config;
    await fc.assert(
      fc.asyncProperty(anySources, async (choices) => {
        let file: unknown = BASE;
        let flags: unknown = {};
        const env: Record<string, string> = {};
        const expected: [readonly string[], unknown][] = [];
        for (const [index, { path, variable, values }] of SETTINGS.entries()) {
          const choice = choices[index];
          if (choice === undefined) continue;
          const [inFile, inAlias, inVariable, inFlag] = values;
          if (choice.file) file = merge(configSchema, file, nest(path, inFile));
          if (choice.alias) env[`PINGORA_${variable}`] = String(inAlias);
          if (choice.variable) env[`FAIRLEAD_${variable}`] = String(inVariable);
          if (choice.flag) flags = merge(configSchema, flags, nest(path, inFlag));
          const winner = choice.flag
            ? inFlag
            : choice.variable
              ? inVariable
              : choice.alias
                ? inAlias
                : choice.file
                  ? inFile
                  : valueAt(defaults, path);
          expected.push([path, winner]);
        }
        const { config } = await loadSome({
          files: { "fairlead.json": JSON.stringify(file) },
          env,
          flags: flags as object,
        });
        for (const [path, value] of expected) expect(valueAt(config, path)).toEqual(value);
      }),
      { numRuns: 60 },
    );
  });

  it("read the same from JSON and from YAML", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 65_535 }), fc.string(), async (port, body) => {
        const text = body.replaceAll("$", "");
        const input = {
          listen: { port },
          upstreams: { a: "http://a" },
          routes: [{ respond: { body: text } }],
        };
        const json = JSON.stringify(input);
        const one = await loadSome({ files: { "fairlead.json": json } });
        const other = await loadSome({ files: { "fairlead.yaml": json } });
        const commented = await loadSome({ files: { "fairlead.json": `// comment\n${json}` } });
        expect(other.config).toEqual(one.config);
        expect(commented.config).toEqual(one.config);
      }),
      { numRuns: 60 },
    );
  });

  it("have a variable for each name that is offered", () => {
    const names = variableNames(configSchema, { upstreams: { a: {} }, routes: [{}] });
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^FAIRLEAD_[A-Z0-9_]+$/.test(name))).toEqual([]);
  });
});

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.array(fc.integer()),
    fc.dictionary(fc.string(), tie("value")),
  ),
})).value;
const tree = fc.dictionary(fc.string(), json);

describe("merge", () => {
  it("loses no key of either side", () => {
    fc.assert(
      fc.property(tree, tree, (base, over) => {
        const merged = explicitPaths(merge(undefined, base, over));
        const upper = explicitPaths(over);
        for (const path of upper) expect(merged).toContain(path);
        for (const key of Object.keys(base)) expect(merged).toContain(key);
      }),
    );
  });

  it("leaves alone what the other side does not set, and itself", () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(merge(undefined, value, {})).toEqual(value);
        expect(merge(undefined, {}, value)).toEqual(value);
        expect(merge(undefined, value, value)).toEqual(value);
      }),
    );
  });

  it("is associative", () => {
    fc.assert(
      fc.property(tree, tree, tree, (a, b, c) => {
        const left = merge(undefined, merge(undefined, a, b), c);
        const right = merge(undefined, a, merge(undefined, b, c));
        // Where a scalar stands between two objects the grouping matters, as it does for whoever reads it.
        fc.pre(explicitPaths(left).size === explicitPaths(right).size);
        expect(left).toEqual(right);
      }),
    );
  });
});

describe("units", () => {
  it("durations mean what their unit says", () => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    const unit = fc.constantFrom(...Object.entries(units));
    fc.assert(
      fc.property(fc.nat(100_000), unit, (amount, [name, factor]) => {
        expect(parseDuration(`${amount}${name}`)).toBe(amount * factor);
        expect(parseDuration(amount * factor)).toBe(amount * factor);
      }),
    );
  });

  it("sizes mean what their unit says, in any case", () => {
    const units = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
    const unit = fc.constantFrom(...Object.entries(units));
    fc.assert(
      fc.property(fc.nat(100_000), unit, (amount, [name, factor]) => {
        expect(parseSize(`${amount}${name}`)).toBe(amount * factor);
        expect(parseSize(`${amount}${name.toLowerCase()}`)).toBe(amount * factor);
      }),
    );
  });
});
