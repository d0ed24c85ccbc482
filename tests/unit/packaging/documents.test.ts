import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli } from "../../support/cli-host.ts";
import { ROOT, readSource } from "../../support/sources.ts";

const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

const blocks = (page: string): readonly string[] =>
  [...readSource(page).matchAll(/^```(?:ts|jsonc)\n([\s\S]*?)\n```$/gm)].map((match) => match[1] ?? "");

describe("documents", () => {
  it.each(PAGES)("%s links only to files that are there", (page) => {
    const links = [...readSource(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map(
      (match) => match[1] ?? "",
    );
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([]);
  });

  it("show the examples as they stand in their files", () => {
    const shown = blocks("README.md");
    const examples = ["gateway.jsonc", "worker.ts", "hono-app.ts"];
    expect(shown).toEqual(examples.map((name) => readSource(`examples/${name}`).trimEnd()));
  });

  it("name every npm script that is told of", () => {
    const { scripts } = JSON.parse(readSource("package.json")) as { scripts: Record<string, string> };
    const told = PAGES.flatMap((page) =>
      [...readSource(page).matchAll(/npm run ([\w:]+)/g)].map((match) => match[1] ?? ""),
    );
    expect(told.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

describe("examples/gateway.jsonc", () => {
  it("passes the check", async () => {
    const files = { "gateway.jsonc": readSource("examples/gateway.jsonc") };
    const { code, stderr } = await runCli(["check", "--config", "gateway.jsonc"], { files });
    expect([code, stderr]).toEqual([0, "ok: gateway.jsonc: 3 routes, 2 upstreams\n"]);
  });
});
