import { describe, expect, it } from "vitest";
import { forwardedNode, parseForwarded, serialiseElement } from "../../../src/http/forwarded-field.ts";

const none = { for: undefined, by: undefined, host: undefined, proto: undefined };

describe("parseForwarded", () => {
  it.each([
    // The examples of RFC 7239 §4 and §7.1.
    ['for="_gazonk"', [{ ...none, for: "_gazonk" }]],
    ['For="[2001:db8:cafe::17]:4711"', [{ ...none, for: "[2001:db8:cafe::17]:4711" }]],
    [
      "for=192.0.2.60;proto=http;by=203.0.113.43",
      [{ ...none, for: "192.0.2.60", proto: "http", by: "203.0.113.43" }],
    ],
    [
      "for=192.0.2.43, for=198.51.100.17",
      [
        { ...none, for: "192.0.2.43" },
        { ...none, for: "198.51.100.17" },
      ],
    ],
    [
      'for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown',
      [
        { ...none, for: "192.0.2.43" },
        { ...none, for: "[2001:db8:cafe::17]" },
        { ...none, for: "unknown" },
      ],
    ],
    // Real hops.
    ["for=2001:db8::1", [{ ...none, for: "2001:db8::1" }]],
    ["for=192.0.2.1:80", [{ ...none, for: "192.0.2.1:80" }]],
    [' for=a ; host="b:1" ;secret=x; ', [{ ...none, for: "a", host: "b:1" }]],
    ['host="a\\"b"', [{ ...none, host: 'a"b' }]],
    [", ,for=a,", [{ ...none, for: "a" }]],
    ["", []],
    // Faults.
    ["for", [undefined]],
    ["for=", [undefined]],
    ["for = a", [undefined]],
    ["for=a for=b", [undefined]],
    ["for=a;FOR=b", [undefined]],
    ['for="a', [undefined]],
    ['for="a, for=b', [undefined, { ...none, for: "b" }]],
  ])("reads %j", (value, elements) => {
    expect(parseForwarded(value)).toEqual(elements);
  });
});

describe("serialiseElement", () => {
  it("writes what is given, in one order", () => {
    expect(serialiseElement({ proto: "https", for: "192.0.2.1", host: "a:1", by: "_edge" })).toBe(
      'for=192.0.2.1;by=_edge;host="a:1";proto=https',
    );
    expect(serialiseElement({ host: 'a"\\b' })).toBe('host="a\\"\\\\b"');
    expect(serialiseElement({})).toBe("");
  });
});

describe("forwardedNode", () => {
  it("puts IPv6 in brackets", () => {
    expect(forwardedNode("::1")).toBe("[::1]");
    expect(forwardedNode("192.0.2.1")).toBe("192.0.2.1");
    expect(forwardedNode("")).toBe("unknown");
  });
});
