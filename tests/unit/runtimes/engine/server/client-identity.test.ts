import type { TLSSocket } from "node:tls";
import { expect, it } from "vitest";
import {
  VerifiedCertificates,
  identifyClient,
} from "../../../../../runtimes/engine/server/client-identity.ts";

const identify = (getPeerX509Certificate: () => unknown): unknown => {
  const socket = { authorized: true, isSessionReused: () => false, getPeerX509Certificate };
  return identifyClient(socket as unknown as TLSSocket, new VerifiedCertificates(), Date.now());
};

it("a certificate that the runtime can't parse does not count, and ends nothing", () => {
  const reason = "it can't be read";
  expect(
    identify(() => {
      throw new TypeError("malformed");
    }),
  ).toEqual({ status: "unverified", reason });
});

it("a certificate whose validity can't be read does not count", () => {
  const reason = "it has expired or is not valid yet";
  const [validFrom, validTo] = ["Jan  1 00:00:00 2020 GMT", "?"];
  expect(identify(() => ({ validFrom, validTo }))).toEqual({ status: "unverified", reason });
});
