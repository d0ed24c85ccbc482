import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/parse.ts";
import type { ConfigInput } from "../../../src/config/types.ts";

type UpstreamInput = Exclude<NonNullable<ConfigInput["upstreams"]>[string], string>;

describe("durations of what is done again and again", () => {
  test.each<[string, UpstreamInput]>([
    ["health.interval", { endpoints: ["http://a"], health: { interval: 0 } }],
    ["health.fastInterval", { endpoints: ["http://a"], health: { fastInterval: "0s" } }],
    ["health.timeout", { endpoints: ["http://a"], health: { timeout: "0.1ms" } }],
    ["ejection.interval", { endpoints: ["http://a"], ejection: { interval: 0 } }],
    ["breaker.open", { endpoints: ["http://a"], breaker: { open: 0 } }],
    ["discovery.http.interval", { discovery: { http: { url: "http://a", interval: 0 } } }],
  ])("%s may not be 0", (path, upstream) => {
    expect(() => parseConfig({ upstreams: { u: upstream } })).toThrow(`upstreams.u.${path}`);
    expect(() => parseConfig({ upstreams: { u: upstream } })).toThrow(
      'expected a duration of at least "1ms"',
    );
  });

  test("others may", () => {
    const endpoints = ["http://a"];
    const given = { endpoints, timeouts: { attempt: 0 }, slowStart: "0s", hedge: { minDelay: 0 } };
    expect(() => parseConfig({ upstreams: { u: given } })).not.toThrow();
  });
});
