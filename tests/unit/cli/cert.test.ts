import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { describe, expect, it } from "vitest";
import { runCli } from "../../support/cli-host.ts";

const of = (files: ReadonlyMap<string, string>, name: string): X509Certificate =>
  new X509Certificate(files.get(name) ?? "");

describe("fairlead cert", () => {
  it("writes a certificate of this machine and its authority", async () => {
    const { code, stdout, files } = await runCli(["cert"]);
    expect(code).toBe(0);
    expect(stdout).toContain("curl --cacert authority.pem https://localhost:8443/");
    const [site, authority] = [of(files, "site.pem"), of(files, "authority.pem")];
    expect([authority.ca, site.ca]).toEqual([true, false]);
    expect(site.checkIssued(authority)).toBe(true);
    expect(site.verify(authority.publicKey)).toBe(true);
    expect(site.checkHost("localhost")).toBe("localhost");
    expect([site.checkIP("127.0.0.1"), site.checkIP("::1")]).toEqual(["127.0.0.1", "::1"]);
    expect(() =>
      createSecureContext({ cert: files.get("site.pem"), key: files.get("site.key") }),
    ).not.toThrow();
  });

  it("keeps an authority that is there", async () => {
    const first = await runCli(["cert"]);
    const authority = {
      "authority.pem": first.files.get("authority.pem") ?? "",
      "authority.key": first.files.get("authority.key") ?? "",
    };
    const { files } = await runCli(["cert", "app.test", "*.app.test"], { files: authority });
    expect(files.get("authority.pem")).toBe(authority["authority.pem"]);
    const site = of(files, "site.pem");
    expect(site.verify(of(files, "authority.pem").publicKey)).toBe(true);
    expect(site.checkHost("a.app.test")).toBe("*.app.test");
  });

  it("overwrites nothing unasked", async () => {
    const files = { "site.pem": "a", "site.key": "b" };
    expect((await runCli(["cert"], { files })).code).toBe(1);
    expect((await runCli(["cert", "--force"], { files })).code).toBe(0);
  });

  it("refuses what is no name", async () => {
    expect((await runCli(["cert", "a b"])).code).toBe(2);
  });
});
