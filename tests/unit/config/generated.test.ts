import { describe, expect, it } from "vitest";
import { withReference } from "../../../scripts/config-reference.ts";
import { schemaFile } from "../../../scripts/config-schema.ts";
import { configTypes } from "../../../scripts/config-types.ts";
import { Reading } from "../../../src/config/schema/reading.ts";
import { defaulted, object } from "../../../src/config/schema/object.ts";
import { duration } from "../../../src/config/schema/values.ts";
import { resolve } from "../../../src/config/references.ts";
import { variableNames } from "../../../src/config/environment.ts";
import { readSource } from "../../support/sources.ts";

describe("generated files (npm run docs writes them)", () => {
  it("are those that the settings make", () => {
    expect(readSource("src/config/types.ts")).toBe(configTypes());
    expect(readSource("schema.json")).toBe(schemaFile());
    const page = readSource("docs/configuration.md");
    expect(page).toBe(withReference(page));
  });

  it.each([
    "src/config/types.ts",
    "handlers/proxy-options.ts",
    "handlers/host-options.ts",
    "middleware/circuit-breaker.ts",
    "middleware/request-id.ts",
    "middleware/validation.ts",
  ])("and types of options explain every key in editors (%s)", (path) => {
    const source = readSource(path);
    const interfaces = Array.from(source.matchAll(/^export interface [\s\S]*?^}/gm), ([text]) => text);
    const unexplained = /(?<!\*\/\s+)\breadonly ([\w$"-]+)\??:/g;
    expect(interfaces.length).toBeGreaterThan(0);
    expect(interfaces.flatMap((text) => Array.from(text.matchAll(unexplained), ([, key]) => key))).toEqual(
      [],
    );
  });

  it("say what they are", () => {
    for (const path of ["src/config/types.ts", "schema.json"])
      expect(readSource(path)).toContain("enerated by scripts/");
  });
});

describe("a setting with a former name", () => {
  const schema = object("ToyConfig", {
    maxAge: defaulted(duration, "1h", "Time that it lasts.", { formerly: ["ttl"] }),
  });
  const nothing = (): never => {
    throw new Error("no reference is there");
  };

  it("is still read by that name, also from the environment", () => {
    const { value, problems } = resolve(schema, { ttl: "2m" }, nothing);
    expect([schema.read(value, new Reading()), problems]).toEqual([{ maxAgeMs: 120_000 }, []]);
    expect(variableNames(schema)).toContain("FAIRLEAD_TTL");
  });

  it("is refused by both names at once", () => {
    const { problems } = resolve(schema, { ttl: "2m", maxAge: "1m" }, nothing);
    expect(problems).toEqual([
      { path: ["ttl"], at: "key", message: "is now called `maxAge`, which is given too" },
    ]);
  });

  it("has the former name in the JSON Schema and the types, marked as deprecated", () => {
    expect(schema.json).toMatchObject({ properties: { ttl: { deprecated: true } } });
    expect(configTypes(schema)).toContain(
      "@deprecated now called `maxAge` */\n  readonly ttl?: DurationInput | undefined;",
    );
  });
});
