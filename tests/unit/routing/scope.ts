import type { TemplateScope } from "../../../src/routing/template.ts";

interface ScopeParts extends Partial<Omit<TemplateScope, "header">> {
  readonly headers?: Readonly<Record<string, string>>;
}

/** A scope with every value set, some of them replaced. */
export const scope = ({ headers = {}, ...parts }: ScopeParts = {}): TemplateScope => ({
  clientAddress: "203.0.113.7",
  clientIdentity: {
    status: "verified",
    certificate: {
      subject: "CN=worker",
      issuer: "CN=authority",
      serial: "0A",
      fingerprint: "ab",
      der: "AAAA",
    },
  },
  requestId: "req-1",
  method: "GET",
  scheme: "https",
  host: "shop.example:8443",
  path: "/a%20b",
  query: "?q=1",
  params: {},
  ...parts,
  header: (name) => headers[name],
});
