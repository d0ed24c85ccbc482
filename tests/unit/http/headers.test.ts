import { describe, expect, it } from "vitest";
import {
  HOP_BY_HOP,
  firstValue,
  isFieldName,
  isFieldValue,
  joinedValue,
  namesPresent,
  nominatedBy,
} from "../../../src/http/headers.ts";

describe("nominatedBy", () => {
  it.each([
    ["keep-alive", []],
    ["close", []],
    ["Close, Keep-Alive", []],
    ["Upgrade, HTTP2-Settings", []],
    ["x-secret", ["x-secret"]],
    ["close,  X-Secret ,x-other", ["x-secret", "x-other"]],
    [", ,", []],
    ['x y, "quoted"', ["x", "y"]],
  ])("reads %j", (value, names) => {
    expect(nominatedBy(value)).toEqual(names);
  });

  it.each([
    "Host",
    "Content-Length",
    "Content-Type",
    "Authorization",
    "Cookie",
    "X-Forwarded-For",
    "X-Forwarded-Anything",
    "Forwarded",
    "X-Real-IP",
    "Via",
    "X-Request-Id",
    "Cache-Control",
    "Set-Cookie",
    "Access-Control-Allow-Origin",
  ])("never gives up %s", (name) => {
    expect(nominatedBy(`close, ${name}`)).toEqual([]);
  });
});

describe("namesPresent", () => {
  it("leaves of many names those that some field has, each once", () => {
    const names = nominatedBy(Array.from({ length: 9000 }, (_, i) => `x${i % 4500}`).join(","));
    expect(namesPresent(names, ["X7", "a", "y", "b", "x7", "c", "x4499", "d"])).toEqual(["x7", "x4499"]);
  });

  it("returns a few as they are", () => {
    const names = ["a", "b"];
    expect(namesPresent(names, [])).toBe(names);
  });
});

describe("HOP_BY_HOP", () => {
  it("holds lower-case names only", () => {
    expect([...HOP_BY_HOP].every((name) => name === name.toLowerCase())).toBe(true);
  });
});

describe("firstValue and joinedValue", () => {
  const pairs = ["Accept", "a", "X-Id", "1", "ACCEPT", "b", "Cookie", "x=1", "cookie", "y=2"];

  it("find names in any case", () => {
    expect(firstValue(pairs, "accept")).toBe("a");
    expect(joinedValue(pairs, "accept")).toBe("a, b");
    expect(joinedValue(pairs, "x-id")).toBe("1");
  });

  it("are undefined for what is absent", () => {
    expect(firstValue(pairs, "x-no")).toBeUndefined();
    expect(joinedValue(pairs, "x-no")).toBeUndefined();
  });

  it("join cookies by semicolons", () => {
    expect(joinedValue(pairs, "cookie")).toBe("x=1; y=2");
  });
});

describe("isFieldName", () => {
  it.each(["a", "X-Y", "x_y", "!#$%&'*+-.^`|~09"])("accepts %j", (name) => {
    expect(isFieldName(name)).toBe(true);
  });
  it.each(["", "a b", "a:", "a\n", "é", "a\u0000", "(a)"])("refuses %j", (name) => {
    expect(isFieldName(name)).toBe(false);
  });
});

describe("isFieldValue", () => {
  it.each(["", "a", "a b\tc", "caf\u00e9", "\u0080"])("accepts %j", (value) => {
    expect(isFieldValue(value)).toBe(true);
  });
  it.each(["a\r\nb", "a\nb", "\u0000", "\u007f", " a", "a\t", "\u0100", "\u001b[0m"])(
    "refuses %j",
    (value) => {
      expect(isFieldValue(value)).toBe(false);
    },
  );
});
