import { describe, expect, test } from "vitest";
import { readEndpointList } from "../../../src/discovery/endpoint-list.ts";
import { foundEndpoints } from "../../../src/upstream-discovery.ts";
import { POOL } from "../../support/endpoints.ts";

const listed = (entry: object): string => JSON.stringify([{ url: "http://a.test", ...entry }]);

describe("endpoint list", () => {
  test.each([{ weight: 0.5 }, { weight: 1_000_000 }, { priority: 100 }, { zone: "a", region: "DE" }])(
    "takes %j",
    (entry) => {
      expect(readEndpointList(listed(entry))).toMatchObject([{ url: "http://a.test", ...entry }]);
    },
  );

  test.each([
    [{ weight: 1e308 }, "endpoint 1, weight: expected a number from 0 to 1000000"],
    [{ weight: -1 }, "endpoint 1, weight: expected a number from 0 to 1000000"],
    [{ priority: 101 }, "endpoint 1, priority: expected a number from 0 to 100"],
    [{ priority: null }, "endpoint 1, priority: expected a number from 0 to 100"],
  ])("refuses %j", (entry, message) => {
    expect(() => readEndpointList(listed(entry))).toThrow(message);
  });

  test.each([
    "http://a\r\nb:80",
    "http://a/\tb",
    "http://u:p@a",
    "unix:/a.sock",
    "ftp://a",
    "http://",
    "http://a?b",
  ])("refuses %j", (url) => {
    expect(() => readEndpointList(JSON.stringify([url]))).toThrow("endpoint 1: expected a URL");
  });

  test("has an endpoint once, however its URL is written", () => {
    const urls = ["http://a.test", "http://A.test:80/", "http://a.test/app"];
    const found = urls.map((url, i) => ({ url, weight: i + 1 }));
    const endpoints = foundEndpoints("u", found, { tls: undefined, pool: POOL });
    expect(endpoints.map(({ weight }) => weight)).toEqual([1, 3]);
  });
});
