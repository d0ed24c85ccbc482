import { describe, expect, it } from "vitest";
import { runCli } from "../../support/cli-host.ts";
import { certificate } from "../../support/certificate.ts";
import { idioms } from "../../support/migrating/page.ts";

const site = certificate({ hosts: ["example.com"] });
const FILES = { "/etc/fairlead/site.pem": site.cert, "/etc/fairlead/site.key": site.key };

describe("configs of docs/migrating.md", () => {
  it("are there", () => expect(idioms().length).toBeGreaterThan(15));

  it.each(idioms())("pass the check: $heading", async ({ snippets }) => {
    const { code, stderr } = await runCli(["check", "--config", "fairlead.jsonc"], {
      files: { ...FILES, "fairlead.jsonc": snippets.get("fairlead") ?? "" },
      env: { STICKY_SECRET: "a secret of this test" },
    });
    expect(stderr).toMatch(/^ok: fairlead.jsonc: [^\n]*\n$/);
    expect(code).toBe(0);
  });
});
