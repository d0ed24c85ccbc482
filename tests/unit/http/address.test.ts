import { describe, expect, it } from "vitest";
import { addressOfNode, compileTrusted, normaliseAddress } from "../../../src/http/address.ts";

describe("normaliseAddress", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:201", "192.0.2.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["[::1]", "::1"],
    ["fe80::1%eth0", "fe80::1"],
  ])("reads %j as %j", (text, address) => {
    expect(normaliseAddress(text)).toBe(address);
  });

  it.each([
    "",
    "unknown",
    "1.2.3",
    "127.1",
    "0177.0.0.1",
    "0x7f.1",
    "256.0.0.1",
    "1.2.3.4.5",
    ":::",
    "a.b.c.d",
  ])("refuses %j", (text) => {
    expect(normaliseAddress(text)).toBeUndefined();
  });
});

describe("addressOfNode", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    [" 192.0.2.1:4711 ", "192.0.2.1"],
    ["2001:db8::1", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["[2001:db8::1]:4711", "2001:db8::1"],
    ["[::ffff:192.0.2.1]:80", "192.0.2.1"],
    ["[2001:db8::1]:_port", "2001:db8::1"],
  ])("finds the address in %j", (node, address) => {
    expect(addressOfNode(node)).toBe(address);
  });

  it.each([
    "",
    "unknown",
    "_hidden",
    "192.0.2.1:",
    "192.0.2.1:x",
    "192.0.2.1:123456",
    "[192.0.2.1]",
    "[::1",
    "[::1]x",
    "a.example",
  ])("finds none in %j", (node) => {
    expect(addressOfNode(node)).toBeUndefined();
  });
});

describe("compileTrusted", () => {
  it.each([
    [["10.0.0.0/8"], "10.255.0.1", true],
    [["10.0.0.0/8"], "::ffff:10.1.2.3", true],
    [["10.0.0.0/8"], "11.0.0.1", false],
    [["192.0.2.1"], "192.0.2.1", true],
    [["192.0.2.1"], "192.0.2.2", false],
    [["2001:db8::/32"], "2001:DB8:1::1", true],
    [["2001:db8::/32"], "2001:db9::1", false],
    [["::ffff:10.0.0.0/104"], "10.1.2.3", true],
    [["::1"], "[::1]", false],
    [["0.0.0.0/0"], "8.8.8.8", true],
    [["0.0.0.0/0"], "::1", false],
    [["::/0"], "8.8.8.8", false],
    [["fe80::/10"], "fe80::1%eth0", true],
    [["10.0.0.0/8"], "not an address", false],
    [[], "127.0.0.1", false],
  ])("%j holds %s: %s", (ranges, address, held) => {
    const trusted = compileTrusted(ranges);
    expect(trusted.has(address)).toBe(held);
    expect(trusted.has(address)).toBe(held);
    expect(trusted.any).toBe(ranges.length > 0);
  });

  it("answers the same after more peers than it remembers", () => {
    const trusted = compileTrusted(["10.0.0.0/8"]);
    for (let i = 0; i < 3000; i++) expect(trusted.has(`10.0.${i >> 8}.${i & 255}`)).toBe(true);
    expect(trusted.has("10.0.0.0")).toBe(true);
    expect(trusted.has("11.0.0.0")).toBe(false);
  });

  it.each(["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "true", "10.0.0", "*"])(
    "refuses %j and names it",
    (range) => {
      expect(() => compileTrusted(["127.0.0.1", range])).toThrow(RangeError);
      expect(() => compileTrusted([range])).toThrow(JSON.stringify(range));
    },
  );
});
