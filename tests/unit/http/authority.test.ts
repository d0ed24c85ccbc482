import { describe, expect, it } from "vitest";
import { canonicalAuthority, parseAuthority } from "../../../src/http/authority.ts";

describe("parseAuthority", () => {
  it.each([
    ["example.com", "example.com", undefined],
    ["EXAMPLE.com:8080", "example.com", 8080],
    ["example.com.", "example.com", undefined],
    ["example.com:", "example.com", undefined],
    ["my_service", "my_service", undefined],
    ["127.0.0.1:65535", "127.0.0.1", 65_535],
    ["[::1]", "[::1]", undefined],
    ["[2001:DB8:0:0::1]:443", "[2001:db8::1]", 443],
    ["xn--bcher-kva.example", "xn--bcher-kva.example", undefined],
  ])("reads %j", (value, host, port) => {
    expect(parseAuthority(value)).toEqual({ host, port });
  });

  it.each([
    "",
    ".",
    "..",
    "a..b",
    ".a",
    ":80",
    "a:65536",
    "a:123456",
    "a:8o",
    "a:-1",
    "user@example.com",
    "example.com/",
    "example.com?x",
    "example.com#x",
    "a, b",
    "a b",
    "a%2eb",
    "b\u00fccher.example",
    "::1",
    "[::1",
    "[::1]x",
    "[::g]",
    "[1.2.3.4]",
    "[fe80::1%25eth0]",
    "a\u0000",
    "a".repeat(300),
  ])("refuses %j", (value) => {
    expect(parseAuthority(value)).toBeUndefined();
  });
});

describe("canonicalAuthority", () => {
  it("leaves out the scheme's own port", () => {
    expect(canonicalAuthority({ host: "a", port: 443 }, "https")).toBe("a");
    expect(canonicalAuthority({ host: "a", port: 443 }, "http")).toBe("a:443");
    expect(canonicalAuthority({ host: "a", port: undefined }, "http")).toBe("a");
  });
});
