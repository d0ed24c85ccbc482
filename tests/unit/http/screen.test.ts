import { describe, expect, it } from "vitest";
import { type ScreenHead, type ScreenPolicy, screen } from "../../../src/http/screen.ts";
import { requestHead } from "../../support/head.ts";

const POLICY: ScreenPolicy = { headerBytes: 1024, headers: 20, targetBytes: 100, underscores: "drop" };

const head = (more: Parameters<typeof requestHead>[0], ...fields: string[]): ScreenHead =>
  requestHead(more, fields.length === 0 ? undefined : fields);

const codeOf = (given: ScreenHead, policy: ScreenPolicy = POLICY): string => {
  const result = screen(given, policy);
  return "code" in result ? result.code : "ok";
};

describe("screen", () => {
  it("says what a sound request means", () => {
    const result = screen(
      head({ method: "POST", target: "/a/./b?c" }, "HOST", "Example.com:8080", "content-length", "12"),
      POLICY,
    );
    expect(result).toEqual({
      target: "/a/b?c",
      path: "/a/b",
      query: "?c",
      authority: "example.com:8080",
      host: "example.com",
      drop: [],
      encodedSlash: false,
    });
  });

  it.each([
    ["Content-Length and Transfer-Encoding", ["Content-Length", "3", "Transfer-Encoding", "chunked"]],
    ["the two in any case and order", ["TRANSFER-ENCODING", "chunked", "content-length", "3"]],
    ["two Content-Length fields", ["Content-Length", "3", "Content-Length", "3"]],
    ["a list of lengths", ["Content-Length", "3, 3"]],
    ["a negative length", ["Content-Length", "-1"]],
    ["a signed length", ["Content-Length", "+1"]],
    ["a hexadecimal length", ["Content-Length", "0x10"]],
    ["an empty length", ["Content-Length", ""]],
    ["a length beyond counting", ["Content-Length", "9".repeat(16)]],
    ["an unknown coding", ["Transfer-Encoding", "gzip"]],
    ["chunked behind another coding", ["Transfer-Encoding", "gzip, chunked"]],
    ["chunked twice", ["Transfer-Encoding", "chunked, chunked"]],
    ["two Transfer-Encoding fields", ["Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"]],
    ["a coding with a parameter", ["Transfer-Encoding", "chunked;x"]],
    ["a coding with odd white space", ["Transfer-Encoding", "\u000bchunked"]],
    ["a name with a space", ["Transfer-Encoding ", "chunked"]],
    ["an empty name", ["", "x"]],
    ["a name with a colon", ["X:", "x"]],
    ["a name beyond ASCII", ["X-\u00e9", "x"]],
    ["a folded value", ["X", "a\r\n b"]],
    ["a line feed in a value", ["X", "a\nb"]],
    ["a NUL in a value", ["X", "a\u0000b"]],
    ["an escape character in a value", ["X", "\u001b"]],
    ["a value that is no bytes", ["X", "\u20ac"]],
    ["two Host fields", ["Host", "example.com"]],
    ["two Host fields of different case", ["hOST", "other.example"]],
  ])("refuses %s", (_, extra) => {
    expect(codeOf(head({}, "Host", "example.com", ...extra))).toBe("bad-request");
  });

  it.each([
    ["get", "bad-request"],
    ["Post", "bad-request"],
    ["PROPFIND", "ok"],
    ["purge", "ok"],
  ])("method %s is %s", (method, code) => {
    expect(codeOf(head({ method }, "Host", "a"))).toBe(code);
  });

  it.each(["0.9", "1.0", "2.0"])("refuses Transfer-Encoding in HTTP/%s", (version) => {
    const pairs = ["Host", "a", "Transfer-Encoding", "chunked"];
    expect(codeOf(head({ version }, ...pairs))).toBe("bad-request");
    expect(codeOf(head({ version: "1.1" }, ...pairs))).toBe("ok");
    expect(codeOf(head({ version: undefined }, ...pairs))).toBe("ok");
  });

  it("takes HTTP/1.0 without Host", () => {
    expect(screen(head({ version: "1.0" }, "Accept", "*/*"), POLICY)).toMatchObject({
      authority: "",
      host: "",
    });
  });

  it.each([
    ["none at all", ["Accept", "*/*"]],
    ["an empty one", ["Host", ""]],
    ["a path in it", ["Host", "a/b"]],
    ["user information in it", ["Host", "a@b"]],
    ["two joined by a comma", ["Host", "a, b"]],
  ])("refuses a Host field with %s", (_, pairs) => {
    expect(codeOf(head({}, ...pairs))).toBe("bad-request");
  });

  it.each([
    ["http://example.com/x", "ok"],
    ["http://EXAMPLE.com:80/x", "ok"],
    ["http://example.com", "ok"],
    ["http://example.com?x", "ok"],
    ["http://other.example/x", "bad-request"],
    ["http://example.com:81/x", "bad-request"],
    ["http://user@example.com/x", "bad-request"],
    ["http:///x", "bad-request"],
    ["ftp://example.com/x", "bad-request"],
    ["example.com/x", "bad-request"],
  ])("compares the authority of %j with Host", (target, expected) => {
    expect(codeOf(head({ target }))).toBe(expected);
  });

  it("forwards absolute form as origin form", () => {
    expect(screen(head({ target: "HTTP://example.com?x" }), POLICY)).toMatchObject({ target: "/?x" });
  });

  it("takes the URL's authority where Host is absent, and refuses one that disagrees", () => {
    expect(screen(head({ authority: "a.example:8080" }, "Accept", "*/*"), POLICY)).toMatchObject({
      authority: "a.example:8080",
      host: "a.example",
    });
    expect(codeOf(head({ authority: "example.com" }))).toBe("ok");
    expect(codeOf(head({ authority: "other.example" }))).toBe("bad-request");
  });

  it("keeps * for OPTIONS", () => {
    expect(screen(head({ method: "OPTIONS", target: "*" }), POLICY)).toMatchObject({
      target: "*",
      path: "*",
    });
    expect(screen(head({ method: "OPTIONS", target: "http://example.com" }), POLICY)).toMatchObject({
      target: "*",
    });
    expect(codeOf(head({ target: "*" }))).toBe("bad-request");
  });

  it("does not tunnel", () => {
    expect(codeOf(head({ method: "CONNECT", target: "example.com:443" }))).toBe("not-implemented");
    expect(codeOf(head({ method: "CONNECT", target: "/" }))).toBe("not-implemented");
  });

  it("refuses methods that are no token", () => {
    expect(codeOf(head({ method: "GE T" }))).toBe("bad-request");
    expect(codeOf(head({ method: "" }))).toBe("bad-request");
  });

  it("refuses expectations other than 100-continue", () => {
    expect(codeOf(head({}, "Host", "a", "Expect", "100-Continue"))).toBe("ok");
    expect(codeOf(head({}, "Host", "a", "Expect", "teapot"))).toBe("expectation-failed");
  });

  it("lists what Connection nominates", () => {
    const result = screen(
      head(
        {},
        "Host",
        "a",
        "Connection",
        "close, X-Hop",
        "connection",
        "x-other",
        "X-Hop",
        "1",
        "X-Other",
        "2",
      ),
      POLICY,
    );
    expect(result).toMatchObject({ drop: ["x-hop", "x-other"] });
  });

  it("treats names with an underscore by policy", () => {
    const odd = head({}, "Host", "a", "Content_Length", "3", "X_Y", "z");
    expect(screen(odd, POLICY)).toMatchObject({ drop: ["content_length", "x_y"] });
    expect(screen(odd, { ...POLICY, underscores: "allow" })).toMatchObject({ drop: [] });
    expect(codeOf(odd, { ...POLICY, underscores: "reject" })).toBe("bad-request");
  });

  it("counts fields and bytes up to the limit exactly", () => {
    const two = head({}, "Host", "a", "X", "1234");
    expect(codeOf(two, { ...POLICY, headers: 2, headerBytes: 10 })).toBe("ok");
    expect(codeOf(two, { ...POLICY, headers: 1 })).toBe("header-too-large");
    expect(codeOf(two, { ...POLICY, headerBytes: 9 })).toBe("header-too-large");
    expect(codeOf(head({ target: "/1234" }), { ...POLICY, targetBytes: 5 })).toBe("ok");
    expect(codeOf(head({ target: "/1234" }), { ...POLICY, targetBytes: 4 })).toBe("target-too-long");
  });

  it("refuses what normaliseTarget refuses", () => {
    expect(screen(head({ target: "/%5c" }), POLICY)).toEqual({
      code: "bad-request",
      detail: "path holds an encoded backslash or control character",
    });
  });
});
