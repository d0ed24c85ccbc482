import { describe, expect, it } from "vitest";
import { RUNTIME_PROFILES, type RuntimeName } from "../../../cli/runtime-profile.ts";
import { showPath } from "../../../src/config/problem.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { explicitPaths } from "../../../src/config/tree.ts";
import { refusals } from "../../../src/config/requirements.ts";
import type { ConfigInput } from "../../../src/config/types.ts";

const refusedBy = (runtime: RuntimeName, input: ConfigInput): string[] =>
  refusals(parseConfig(input), explicitPaths(input), RUNTIME_PROFILES[runtime]).map(({ path }) =>
    showPath(path),
  );

const app = { upstreams: { app: "http://a" } };

describe("a runtime", () => {
  it.each(["node", "deno", "bun", "workers"] as const)("takes every default (%s)", (runtime) => {
    expect(refusedBy(runtime, app)).toEqual([]);
  });

  it("refuses what goes on between requests where nothing does", () => {
    const upstreams: ConfigInput["upstreams"] = {
      found: { discovery: { dns: "http://a.example:3000" } },
      checked: { endpoints: "http://a", health: { check: "tcp" } },
      asked: { endpoints: "http://a", health: "/healthz", concurrency: { limit: 10 } },
      queued: { endpoints: "http://a", concurrency: { limit: 10, queue: 1 } },
    };
    const input: ConfigInput = { upstreams, routes: [{ upstream: "asked" }] };
    expect(refusedBy("workers", input).toSorted()).toEqual([
      "upstreams.checked.health.check",
      "upstreams.found.discovery",
      "upstreams.queued.concurrency.queue",
    ]);
    for (const runtime of ["node", "deno", "bun"] as const) expect(refusedBy(runtime, input)).toEqual([]);
  });

  it("is asked with the path as it is, whatever the names hold", () => {
    const input: ConfigInput = {
      upstreams: {
        "a.timeouts.idle.b": { endpoints: ["http://a", "unix:/run/a.sock"], timeouts: { connect: "1s" } },
      },
      routes: [{ upstream: "a.timeouts.idle.b", rewrite: { host: "b" }, timeouts: { idle: "1s" } }],
    };
    expect(refusedBy("workers", input).toSorted()).toEqual([
      "routes[0].rewrite.host",
      'upstreams["a.timeouts.idle.b"].endpoints[1]',
      'upstreams["a.timeouts.idle.b"].timeouts.connect',
    ]);
  });

  it.each(["node", "workers"] as const)(
    "refuses what fetch can't do where an upstream is reached by it (%s)",
    (runtime) => {
      const input: ConfigInput = {
        upstreams: {
          direct: { endpoints: "https://a", tls: { serverName: "b" } },
          fetched: {
            endpoints: ["https://a", "unix:/run/a.sock"],
            transport: "fetch",
            host: "preserve",
            tls: { serverName: "b" },
            pool: { idle: 1 },
            limits: { headerBytes: "1KiB" },
            timeouts: { connect: "1s", firstByte: "1s", idle: "1s" },
          },
        },
        routes: [
          { match: { path: "/a" }, upstream: "direct", rewrite: { host: "b" } },
          {
            match: { path: "/b" },
            upstream: [{ name: "direct" }, { name: "fetched" }],
            rewrite: { host: "b" },
          },
        ],
      };
      const ofFetch = [
        "routes[1].rewrite.host",
        "upstreams.fetched.endpoints[1]",
        "upstreams.fetched.host",
        "upstreams.fetched.limits.headerBytes",
        "upstreams.fetched.pool.idle",
        "upstreams.fetched.timeouts.connect",
        "upstreams.fetched.tls.serverName",
      ];
      const ofWorkers =
        runtime === "workers" ? ["routes[0].rewrite.host", "upstreams.direct.tls.serverName"] : [];
      expect(refusedBy(runtime, input).toSorted()).toEqual([...ofFetch, ...ofWorkers].toSorted());
    },
  );
});
