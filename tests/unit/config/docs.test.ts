import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withReference } from "../../../scripts/config-reference.ts";
import { SPECIAL_VARIABLES } from "../../../src/config/environment.ts";
import { TEMPLATE_VARIABLES } from "../../../src/routing/template.ts";
import { load, reportOf } from "../../support/config-files.ts";

const PAGE = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");

describe("configuration page", () => {
  it("holds the reference that the schema makes (node scripts/config-reference.ts writes it)", () => {
    expect(PAGE).toBe(withReference(PAGE));
  });

  it("names every variable of requests and of the environment", () => {
    for (const name of TEMPLATE_VARIABLES) expect(PAGE).toContain(`\${${name}}`);
    for (const name of SPECIAL_VARIABLES) expect(PAGE).toContain(`FAIRLEAD_${name}`);
  });

  it("shows a config that works", async () => {
    const [, example = ""] = /```json\n(.*?)```/s.exec(PAGE) ?? [];
    expect(await load({ files: { "fairlead.json": example } })).toBeDefined();
  });

  it("shows a report as it is", async () => {
    const [, report = ""] = /```text\n(.*?)```/s.exec(PAGE) ?? [];
    const text = '{\n  "upstreams": { "app": "http://a" },\n  "listen": { "prot": 8080 },\n}';
    expect(await reportOf({ files: { "fairlead.json": text } })).toContain(report);
  });
});
