import { describe, expect, it } from "vitest";
import { chunkHeader, encodeRequestHead, encodeResponseHead, lastChunk } from "../../../src/http1/encode.ts";

const request = { method: "GET", target: "/a?b", host: "a.example:8080" };

describe("a request's head", () => {
  it("is written with Host first, fields as given, framing last", () => {
    expect(
      encodeRequestHead(request, ["x-A", "b", "X-a", "caf\xe9"], { length: 3, connection: "close" }),
    ).toBe(
      "GET /a?b HTTP/1.1\r\nHost: a.example:8080\r\nx-A: b\r\nX-a: caf\xe9\r\nConnection: close\r\nContent-Length: 3\r\n\r\n",
    );
  });

  it.each([
    ["none", ""],
    ["chunked", "Transfer-Encoding: chunked\r\n"],
    [0, "Content-Length: 0\r\n"],
    ["close", "Connection: close\r\n"],
  ] as const)("says of content of length %s: %j", (length, lines) => {
    expect(encodeRequestHead(request, [], { length })).toBe(
      `GET /a?b HTTP/1.1\r\nHost: a.example:8080\r\n${lines}\r\n`,
    );
  });

  it.each(["\r", "\n", "\0", "\u010a", "\u{1f600}"])("with %j in it is never written", (char) => {
    const evil = `a${char}b`;
    const none = { length: "none" } as const;
    expect(() => encodeRequestHead(request, ["X", evil], none)).toThrow("value of X holds CR, LF, NUL");
    expect(() => encodeRequestHead({ ...request, method: evil }, [], none)).toThrow(TypeError);
    expect(() => encodeRequestHead({ ...request, target: evil }, [], none)).toThrow(TypeError);
    expect(() => encodeRequestHead({ ...request, host: evil }, [], none)).toThrow(TypeError);
    expect(() => encodeRequestHead(request, [], { length: 1, connection: evil })).toThrow(TypeError);
    expect(() => encodeResponseHead({ status: 200 }, ["X", evil], none)).toThrow(TypeError);
    expect(() => encodeResponseHead({ status: 200, reason: evil }, [], none)).toThrow(TypeError);
    expect(() => lastChunk(["X", evil])).toThrow(TypeError);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    "of length %d is never written",
    (length) => {
      expect(() => encodeRequestHead(request, [], { length })).toThrow(RangeError);
    },
  );
});

describe("a response's head", () => {
  it.each([
    [{ status: 200 }, "200 OK"],
    [{ status: 404, reason: "Gone fishing" }, "404 Gone fishing"],
    [{ status: 404, reason: "" }, "404 "],
    [{ status: 299 }, "299 "],
    [{ status: 103 }, "103 Early Hints"],
  ])("of %j starts %j", (start, line) => {
    expect(encodeResponseHead(start, ["A", "b"], { length: "none" })).toBe(
      `HTTP/1.1 ${line}\r\nA: b\r\n\r\n`,
    );
  });

  it("tells HEAD how long the content is", () => {
    expect(encodeResponseHead({ status: 200 }, [], { length: 1024 })).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n",
    );
  });
});

describe("chunks", () => {
  it("have their size in hexadecimal in front", () => {
    expect(chunkHeader(255)).toBe("ff\r\n");
  });

  it.each([0, -1, 0.5, Number.NaN])("of %d bytes are never written", (bytes) => {
    expect(() => chunkHeader(bytes)).toThrow(RangeError);
  });

  it("end with the trailers", () => {
    expect(lastChunk([])).toBe("0\r\n\r\n");
    expect(lastChunk(["A", "b", "C", "d"])).toBe("0\r\nA: b\r\nC: d\r\n\r\n");
  });
});
