import { expect, it } from "vitest";
import { capabilityPage } from "../../../scripts/capability-page.ts";
import { readSource } from "../../support/sources.ts";

it("the capability page is what the code makes it (npm run docs writes it)", () => {
  expect(readSource("docs/capabilities.md")).toBe(capabilityPage());
});
