import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { describe, expect, it } from "vitest";
import { defineConfig, parseConfig } from "../../../src/config/parse.ts";
import type { RouteInput } from "../../../src/config/types.ts";

/** What each `@ts-expect-error` below stands above is refused by the compiler: `npm run typecheck` fails where it is not. */
const MISTAKES = [
  // @ts-expect-error -- a misspelt key at the top
  () => defineConfig({ upstreams: { app: "http://a" }, listn: {} }),
  // @ts-expect-error -- a misspelt key beside one that is ignored
  () => defineConfig({ upstreams: { app: "http://a" }, "x-a": 1, listn: {} }),
  // @ts-expect-error -- a key that is ignored at the top alone
  () => defineConfig({ upstreams: { app: "http://a" }, listen: { "x-a": 1 } }),
  // @ts-expect-error -- a misspelt key two levels down
  () => defineConfig({ upstreams: { app: "http://a" }, listen: { limits: { header: 1 } } }),
  // @ts-expect-error -- a misspelt key of an upstream
  () => defineConfig({ upstreams: { app: { endpoints: "http://a", pool: { connection: 1 } } } }),
  // @ts-expect-error -- a misspelt key of an endpoint in a list
  () => defineConfig({ upstreams: { app: [{ url: "http://a", wieght: 1 }] } }),
  () =>
    defineConfig({
      upstreams: { app: "http://a" },
      // @ts-expect-error -- a misspelt key of a match in a list
      routes: [{ upstream: "app", match: [{ pth: "/" }] }],
    }),
  () =>
    defineConfig({
      upstreams: { app: "http://a" },
      // @ts-expect-error -- a value of another type
      routes: [{ upstream: "app", timeouts: { total: true } }],
    }),
  () =>
    defineConfig({
      upstreams: { app: "http://a" },
      // @ts-expect-error -- an upstream that is not there
      routes: [{ upstream: "ap" }],
    }),
  // @ts-expect-error -- middleware that is no function
  () => defineConfig({ upstreams: { app: "http://a" }, middleware: ["cors"] }),
  () =>
    defineConfig({
      upstreams: { app: "http://a", api: "http://b" },
      // @ts-expect-error -- a share of an upstream that is not there
      routes: [{ upstream: [{ name: "api" }, { name: "apu" }] }],
    }),
];

describe("defineConfig", () => {
  it("gives a config that is right its type, and changes nothing", () => {
    const input = {
      $schema: "./schema.json",
      "x-pool": { connections: 5 },
      upstreams: { app: "http://a", api: { endpoints: ["http://b"], balance: "random" } },
      routes: [
        { upstream: "api", match: { path: "/api/*" } },
        { upstream: [{ name: "app", weight: 2 }, { name: "${env:OTHER:-api}" }] },
      ],
    } as const;
    expect(defineConfig(input)).toBe(input);
    expect(parseConfig(defineConfig(input)).routes).toHaveLength(2);
  });

  it("takes routes that are made elsewhere with names that are not known to the compiler", () => {
    const route = (upstream: string): RouteInput => ({ upstream });
    const config = defineConfig<string>({ upstreams: { app: "http://a" }, routes: [route("app")] });
    expect(parseConfig(config).routes[0]?.upstreams?.[0]?.name).toBe("app");
  });

  it("takes middleware of Hono, for all routes and for one", () => {
    const all = cors();
    const one: MiddlewareHandler<{ Variables: { user: string } }> = async (c, next) => {
      c.set("user", "ann");
      await next();
    };
    const config = parseConfig(
      defineConfig({
        upstreams: { app: "http://a" },
        routes: [{ upstream: "app", middleware: [one] }],
        middleware: [all],
      }),
    );
    expect([config.middleware, config.routes[0]?.middleware]).toEqual([[all], [one]]);
  });

  it("takes a config without upstreams", () => {
    expect(parseConfig(defineConfig({ routes: [{ respond: {} }] })).routes).toHaveLength(1);
  });

  it.each(MISTAKES)("lets the parser refuse what the compiler does (%#)", (make) => {
    expect(() => parseConfig(make())).toThrow(/unknown key|expected|there is no upstream/);
  });
});
