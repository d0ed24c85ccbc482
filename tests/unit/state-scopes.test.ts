import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { withStateScopes } from "../../scripts/state-scopes.ts";

it("docs/threads.md lists each kind of state with its scope (node scripts/state-scopes.ts writes it)", () => {
  const page = readFileSync(new URL("../../docs/threads.md", import.meta.url), "utf8");
  expect(page).toContain("<!-- state -->");
  expect(page).toBe(withStateScopes(page));
});
