import { describe, expect, it } from "vitest";
import { exportedNames, readSource } from "../../support/sources.ts";

const { exports } = JSON.parse(readSource("deno.json")) as { exports: Record<string, string> };

const nameOf = (specifier: string): string => `fairlead${specifier.slice(1)}`;

describe("public names", () => {
  it("are those that were agreed on; a change is a decision", async () => {
    const listing = Object.entries(exports)
      .map(([specifier, path]) =>
        [nameOf(specifier), ...exportedNames(path).map((name) => `  ${name}`)].join("\n"),
      )
      .join("\n\n");
    await expect(`${listing}\n`).toMatchFileSnapshot("public-api.txt");
  });

  it("are the same on every runtime", () => {
    const entries = ["node", "deno", "bun", "workers"].map((runtime) => `runtimes/${runtime}/entry.ts`);
    const [first, ...others] = entries.map(exportedNames);
    for (const other of others) expect(other).toEqual(first);
    expect(first).toContain("gateway");
  });
});
