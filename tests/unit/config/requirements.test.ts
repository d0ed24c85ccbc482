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
const sections = (headerBytes: string): ConfigInput => ({ ...app, listen: { limits: { headerBytes } } });

describe("a runtime", () => {
  it.each(["node", "deno", "bun", "workers"] as const)("takes every default (%s)", (runtime) => {
    expect(refusedBy(runtime, app)).toEqual([]);
  });

  it.each([
    ["16KiB", []],
    ["17KiB", ["bun"]],
    ["64KiB", ["bun"]],
    ["65KiB", ["deno", "bun"]],
  ] as const)("takes a header section of %s only where its server does", (size, refused) => {
    const runtimes = ["node", "deno", "bun", "workers"] as const;
    const found = runtimes.flatMap((runtime) => refusedBy(runtime, sections(size)).map(() => runtime));
    expect(found).toEqual(refused);
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
});
