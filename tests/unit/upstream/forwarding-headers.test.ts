import { describe, expect, test } from "vitest";
import type { ClientInfo, Exchange } from "../../../src/core/exchange.ts";
import { pushForwardingFields } from "../../../src/upstream/forwarding-headers.ts";

const port = (client: Partial<ClientInfo>): string | undefined => {
  const fields: string[] = [];
  const exchange = {
    id: "id",
    idFields: [],
    client: { address: "192.0.2.1", scheme: "http", host: "a.test", forwardedFor: "192.0.2.1", ...client },
  } as unknown as Exchange;
  pushForwardingFields(fields, exchange, {
    xForwarded: true,
    forwarded: false,
    via: false,
    clientCert: false,
  });
  return fields[fields.indexOf("x-forwarded-port") + 1];
};

describe("X-Forwarded-Port", () => {
  test.each([
    ["the scheme's own", {}, "80"],
    ["the scheme's own", { scheme: "https" }, "443"],
    ["the one in Host", { host: "a.test:8080" }, "8080"],
    ["none of an IPv6 address", { host: "[::1]", scheme: "https" }, "443"],
    ["the one behind an IPv6 address", { host: "[::1]:8443" }, "8443"],
    ["what a trusted proxy says", { host: "a.test:8080", forwardedPort: 8443 }, "8443"],
  ] as const)("is %s: %j", (_, client, expected) => {
    expect(port(client)).toBe(expected);
  });
});
