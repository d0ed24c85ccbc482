import { describe, expect, test } from "vitest";
import { createEndpoint } from "../../../src/upstream/endpoint.ts";
import { POOL } from "../../support/endpoints.ts";

const endpoint = (url: string) =>
  createEndpoint({ upstream: "u", url, weight: 1, tls: undefined, pool: POOL });

describe("endpoint", () => {
  test("leaves the default port out of its authority", () => {
    expect(endpoint("http://api.test:80").authority).toBe("api.test");
    expect(endpoint("https://api.test:443/").authority).toBe("api.test");
    expect(endpoint("https://api.test:8443").authority).toBe("api.test:8443");
  });

  test("keeps a base path as it is written", () => {
    expect(endpoint("http://api.test/v2").basePath).toBe("/v2");
    expect(endpoint("http://api.test/v2/").basePath).toBe("/v2/");
    expect(endpoint("http://api.test/").basePath).toBe("");
  });

  test("verifies TLS unless told otherwise", () => {
    expect(endpoint("https://api.test").tls?.verify).toBe(true);
    expect(endpoint("http://api.test").tls).toBeUndefined();
  });

  test("speaks plain HTTP over a Unix socket", () => {
    const unix = endpoint("unix:/run/app.sock");
    expect(unix).toMatchObject({ socketPath: "/run/app.sock", scheme: "http", authority: "localhost" });
  });

  test("has an equal key exactly when it is the same server of the same upstream", () => {
    expect(endpoint("http://api.test").key).toBe(endpoint("http://api.test:80/").key);
    expect(endpoint("http://api.test").key).not.toBe(endpoint("https://api.test").key);
  });

  test("refuses what it can't speak", () => {
    expect(() => endpoint("ftp://api.test")).toThrow(/expected http:\/\//);
  });
});
