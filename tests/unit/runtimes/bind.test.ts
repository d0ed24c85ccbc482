import { describe, expect, test } from "vitest";
import { bind } from "../../../runtimes/bind.ts";
import { memoryPlatform } from "../../../runtimes/memory/mod.ts";
import type { Platform } from "../../../src/core/platform.ts";

const noPlatform = (): Platform => {
  throw new Error("the runtime's own platform was asked for");
};
const config = { upstreams: { api: "http://api" }, listen: { readyPath: "/readyz" } };

describe("gateway", () => {
  test("runs on the platform that it is given, and makes no other", async () => {
    const platform = memoryPlatform({ upstreams: { "http://api": () => new Response("scripted") } });
    const app = bind(noPlatform).gateway(config, { platform });
    expect(await (await app.request("/")).text()).toBe("scripted");
  });

  test("tells onFailure in place of the platform's telemetry, and reads the lifecycle", async () => {
    const told: string[] = [];
    const platform = memoryPlatform();
    const app = bind(noPlatform).gateway(config, {
      platform,
      onFailure: ({ error }) => told.push(error.code),
      lifecycle: { draining: true },
    });
    expect((await app.request("/")).status).toBe(502);
    expect(told).toEqual(["connect-failed"]);
    expect(platform.failures).toEqual([]);
    expect((await app.request("/readyz")).status).toBe(503);
  });

  test("has its certificates looked at by that platform, whoever is told of failures", () => {
    const platform: Platform = {
      ...memoryPlatform(),
      inspectTls: () => [{ setting: "ca", message: "expired yesterday" }],
    };
    const ca = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    const upstreams = { api: { endpoints: "https://api", tls: { ca } } };
    const options = { platform, onFailure: () => {} };
    expect(() => bind(noPlatform).gateway({ upstreams }, options)).toThrow("expired yesterday");
  });

  test("shares the runtime's platform with proxyTo", () => {
    let made = 0;
    const { gateway, proxyTo } = bind(() => (made++, memoryPlatform()));
    gateway(config);
    proxyTo("http://api");
    expect(made).toBe(1);
  });

  test("is refused by the platform that it is given", () => {
    const platform = { ...memoryPlatform(), name: "poor", capabilities: new Set<never>() };
    const unix = { upstreams: { api: "unix:/run/app.sock" } };
    expect(() => bind(noPlatform).gateway(unix, { platform })).toThrow("poor can't");
  });

  test.each([
    [null, "gateway: expected an object of options, found null"],
    [{ onFailure: 1 }, "gateway.onFailure: expected a function, found 1"],
    [{ platform: {} }, "gateway.platform: expected a platform, found an object"],
    [{ onFailur: () => {} }, 'gateway.onFailur: unknown key; did you mean "onFailure"?'],
  ])("says which option is wrong (%#)", (options, message) => {
    expect(() => bind(noPlatform).gateway(config, options as never)).toThrow(message);
  });
});
