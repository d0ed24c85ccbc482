import { describe, expect, it } from "vitest";
import { targetOf } from "../../../src/http/url-text.ts";

describe("targetOf", () => {
  it.each([
    ["http://a.test/b?c#d", "/b?c#d"],
    ["https://a.test:8443/b//c", "/b//c"],
    ["http://a.test", "/"],
    ["http://a.test?b", "/?b"],
    ["http://a.test#b", "/#b"],
    ["http://*", "*"],
  ])("takes path and query out of %j", (url, target) => {
    expect(targetOf(url)).toBe(target);
  });

  it.each(["/a//b?c", "*", "a", "a.test:80", "ftp://a.test/b", "httpx://a.test/b", "http:a", "http:/a/b"])(
    "leaves %j as it is",
    (url) => {
      expect(targetOf(url)).toBe(url);
    },
  );
});
