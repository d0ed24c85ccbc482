import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normaliseAddress } from "../../src/http/address.ts";
import { parseForwarded, serialiseElement } from "../../src/http/forwarded-field.ts";
import { compileTrusted, resolveClient, serialiseForwarded } from "../../src/http/forwarded.ts";

const TRUSTED = compileTrusted(["10.0.0.0/8", "fd00::/8"]);
const address = fc.oneof(fc.ipV4(), fc.ipV6());
const trustedAddress = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255))
  .map((parts) => `10.${parts.join(".")}`);
const stranger = address.filter((text) => !TRUSTED.has(text));
/** A way to write an address into a chain. */
const written = (text: string): fc.Arbitrary<string> =>
  text.includes(":")
    ? fc.constantFrom(text, `[${text}]`, `[${text}]:4711`)
    : fc.constantFrom(text, `${text}:4711`, ` ${text}`);
const junk = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom("unknown", '"', 'for="', ";", ",", "10.0.0.1, "),
);

describe("resolveClient", () => {
  it("never believes a peer that is not declared", () => {
    fc.assert(
      fc.property(stranger, junk, junk, address, (peer, chain, forwarded, spoofed) => {
        const pairs = [
          "X-Forwarded-For",
          `${spoofed}, ${chain}`,
          "Forwarded",
          `${forwarded}, for=${spoofed}`,
        ];
        const result = resolveClient(pairs, { address: peer }, "http", "a", TRUSTED);
        expect(result.address).toBe(normaliseAddress(peer));
        expect(result.forwardedFor).toBe(result.address);
        expect(result.scheme).toBe("http");
        expect(new Set(result.drop)).toEqual(new Set(["x-forwarded-for", "forwarded"]));
      }),
    );
  });

  it("finds the client in front of trusted hops, whatever the client forged before it", () => {
    const chain = stranger.chain((client) =>
      fc.tuple(fc.constant(client), written(client), fc.array(trustedAddress, { maxLength: 3 })),
    );
    fc.assert(
      fc.property(junk, chain, trustedAddress, (forged, [client, text, hops], peer) => {
        const value = [forged, text, ...hops].join(",");
        const result = resolveClient(["x-forwarded-for", value], { address: peer }, "http", "a", TRUSTED);
        expect(result.address).toBe(normaliseAddress(client));
        expect(result.forwardedFor).toBe([normaliseAddress(client), ...hops, peer].join(", "));
      }),
    );
  });

  it("finds the same client in Forwarded as in X-Forwarded-For", () => {
    fc.assert(
      fc.property(
        junk,
        stranger,
        fc.array(trustedAddress, { maxLength: 3 }),
        trustedAddress,
        (forged, client, hops, peer) => {
          const before = resolveClient(
            ["x-forwarded-for", [client, ...hops].join(", ")],
            { address: peer },
            "http",
            "a",
            TRUSTED,
          );
          // What one proxy writes, another reads.
          const sent = serialiseForwarded({ ...before, forwardedFor: [before.address, ...hops].join(", ") });
          const after = resolveClient(
            ["forwarded", `${forged}, ${sent}`],
            { address: peer },
            "http",
            "a",
            TRUSTED,
          );
          expect({ ...after, drop: [] }).toEqual({ ...before, drop: [] });
        },
      ),
    );
  });

  it("never throws, and always names an address it could read", () => {
    fc.assert(
      fc.property(junk, junk, junk, junk, (first, second, third, fourth) => {
        const pairs = [
          "x-forwarded-for",
          first,
          "forwarded",
          second,
          "x-forwarded-proto",
          third,
          "x-forwarded-host",
          fourth,
        ];
        const result = resolveClient(pairs, { address: "10.0.0.1" }, "http", "a", TRUSTED);
        expect(normaliseAddress(result.address)).toBe(result.address);
        for (const hop of result.forwardedFor.split(", ")) expect(normaliseAddress(hop)).toBe(hop);
      }),
    );
  });
});

describe("parseForwarded", () => {
  it("reads back what serialiseElement wrote", () => {
    const text = fc.string({ minLength: 1 }).filter((value) => !/[,]|[^\x20-\x7e]/.test(value));
    const element = fc.record({ for: text, by: text, host: text, proto: text });
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 3 }), (elements) => {
        expect(parseForwarded(elements.map(serialiseElement).join(", "))).toEqual(elements);
      }),
    );
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.oneof(junk, fc.string()), (value) => {
        expect(Array.isArray(parseForwarded(value))).toBe(true);
      }),
    );
  });
});
