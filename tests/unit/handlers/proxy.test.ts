import { Hono } from "hono";
import { upstreamLong } from "../../../src/config/settings/upstream.ts";
import { describe, expect, test } from "vitest";
import { createProxyTo } from "../../../handlers/proxy.ts";
import { refuseUnsupported } from "../../../runtimes/refuse.ts";
import { memoryPlatform } from "../../../runtimes/memory/mod.ts";

const upstreams = {
  "http://api.test": (request: Request) =>
    new Response(
      `${request.method} ${new URL(request.url).pathname} ${request.headers.get("x-forwarded-for")}`,
    ),
};
const platform = memoryPlatform({ upstreams });
const proxyTo = createProxyTo(() => platform, refuseUnsupported);

describe("proxyTo", () => {
  test("forwards what the app's route takes, and leaves the rest to the app", async () => {
    const app = new Hono();
    app.get("/own", (c) => c.text("own"));
    app.all("/api/*", proxyTo("http://api.test/v2"));
    const asked = await app.request("http://shop.test/api/x", {
      method: "POST",
      headers: { host: "shop.test" },
    });
    expect(await asked.text()).toBe("POST /v2/api/x 192.0.2.1");
    expect(await (await app.request("http://shop.test/own")).text()).toBe("own");
  });

  test("answers a failure as a problem", async () => {
    const app = new Hono().all("*", proxyTo("http://nowhere.test"));
    const response = await app.request("http://shop.test/", { headers: { host: "shop.test" } });
    expect(response.status).toBe(502);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });

  test("answers 500 at once where middleware read the body before it, and says so in the log", async () => {
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req.text();
      await next();
    });
    app.all("*", proxyTo("http://api.test"));
    const response = await app.request("http://shop.test/", {
      method: "POST",
      body: "content",
      headers: { host: "shop.test", "content-length": "7" },
    });
    expect(response.status).toBe(500);
    expect(platform.failures.at(-1)?.error.message).toContain("the app read the request body");
  });

  test("forwards the body whole where middleware read a copy of it", async () => {
    const lengths: number[] = [];
    const echoing = memoryPlatform({
      upstreams: { "http://api.test": async (request) => new Response(await request.text()) },
    });
    const app = new Hono();
    app.use(async (c, next) => {
      lengths.push((await c.req.raw.clone().text()).length);
      await next();
    });
    app.all("*", createProxyTo(() => echoing, refuseUnsupported)("http://api.test"));
    const response = await app.request("http://shop.test/", {
      method: "POST",
      body: "content",
      headers: { host: "shop.test" },
    });
    expect(await response.text()).toBe("content");
    expect(lengths).toEqual([7]);
  });

  test.each([
    [() => proxyTo("localhost:3000"), 'proxyTo.url: expected a URL .*did you mean "http://localhost:3000"'],
    [() => proxyTo(["http://a", "b"]), "proxyTo.url\\[1\\]: expected a URL"],
    [
      () => proxyTo("http://a", { timeouts: { total: "soon" } }),
      "proxyTo.timeouts.total: expected a duration",
    ],
    [() => proxyTo("http://a", { timeouts: { idle: "soon" } }), "proxyTo.timeouts.idle: expected a duration"],
    [() => proxyTo("http://a", { trustedProxies: "x" }), "proxyTo.trustedProxies"],
    [() => proxyTo("http://a", { forwarding: { via: "a b" } }), "proxyTo.forwarding.via: expected"],
    [() => proxyTo("http://a", { balence: "random" } as object), 'proxyTo.balence: .*did you mean "balance"'],
    [
      () => proxyTo("http://a", { timeouts: { totl: "1s" } as object }),
      'proxyTo.timeouts.totl: unknown key; did you mean "total"',
    ],
    [
      () => proxyTo("http://a", { endpoints: ["http://b"] } as object),
      "^proxyTo.endpoints: unknown key; expected one of balance, health, ejection, panic, slowStart, " +
        "breaker, retry, hedge, concurrency, host, tls, pool, limits, transport, timeouts, rewrite, requestHeaders, " +
        "responseHeaders, bodyBytes, forwarding, trustedProxies, platform, onFailure, onUpstreamEvent$",
    ],
    [
      () => proxyTo("http://a", { name: "x" } as object),
      "proxyTo.name: unknown key; expected one of balance",
    ],
    [() => proxyTo("http://a", null as never), "^proxyTo: expected an object of options, found null$"],
    [() => proxyTo("http://a", "http://b" as never), "^proxyTo: expected an object of options, found"],
    [
      () => proxyTo("http://a", { timeouts: null } as never),
      "proxyTo.timeouts: expected an object of durations, found null",
    ],
    [() => proxyTo(undefined as never), "proxyTo.url: expected a URL.*, found nothing"],
    [() => proxyTo([]), "proxyTo.url: expected a URL, or a list of at least one, found an empty list"],
    [() => proxyTo({ url: "http://a", weight: -1 }), "proxyTo.url.weight: expected a whole number"],
    [() => proxyTo([{ url: "http://a", weight: 0 }]), "proxyTo.url: every weight is 0"],
    [() => proxyTo("http://a", { tls: { verify: false } }), "proxyTo.tls: no endpoint is https"],
    [
      () => proxyTo("http://a", { rewrite: { stripPrefix: true } } as never),
      'proxyTo.rewrite.stripPrefix: expected a path such as "/api", found true',
    ],
    [() => proxyTo("http://a", { rewrite: { stripPrefix: "/api/*" } }), 'stripPrefix: .*leave the "\\*" out'],
    [
      () => proxyTo("http://a", { rewrite: { path: "/x", prefix: "/y" } }),
      "proxyTo.rewrite: expected path alone, or stripPrefix and prefix",
    ],
    [() => proxyTo("http://a", { onFailure: "log" } as never), "proxyTo.onFailure: expected a function"],
    [() => proxyTo("http://a", { platform: "node" } as never), "proxyTo.platform: expected a platform"],
  ])("says which option is wrong (%#)", (call, message) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow(new RegExp(message));
  });

  test("takes every setting of an upstream but where its endpoints are", () => {
    const refusedAs = (key: string): string => {
      try {
        proxyTo("http://a", { [key]: null });
      } catch (error) {
        return String(error);
      }
      return "";
    };
    const keys = Object.keys(upstreamLong.settings ?? {});
    const unknown = keys.filter((key) => refusedAs(key).includes("unknown key"));
    expect(unknown).toEqual(["endpoints", "discovery"]);
  });

  test("reports everything that is wrong at once, and no secret", () => {
    const tls = { key: "-----BEGIN secret" };
    const wrong = (): unknown => proxyTo(["localhost:1"], { bodyBytes: "big", tls });
    expect(wrong).toThrow(/proxyTo\.url\[0\].*\n?[\s\S]*proxyTo\.tls\.key[\s\S]*proxyTo\.bodyBytes/);
    expect(wrong).not.toThrow(/BEGIN secret/);
  });

  test("takes undefined for an option that is left out", async () => {
    const maybe = (total?: string, bodyBytes?: string): Hono =>
      new Hono().all("*", proxyTo("http://api.test", { timeouts: { total }, bodyBytes, rewrite: undefined }));
    expect((await maybe().request("http://shop.test/x")).status).toBe(200);
  });

  const pathsBehind = async (
    rewrite: NonNullable<Parameters<typeof proxyTo>[1]>["rewrite"],
    ...targets: string[]
  ): Promise<string[]> => {
    const seen: string[] = [];
    const { origin } = new URL("http://paths.test");
    const lent = memoryPlatform({
      upstreams: { [origin]: ({ url }) => (seen.push(url.slice(origin.length)), new Response()) },
    });
    const app = new Hono().all("*", proxyTo(origin, { rewrite, platform: lent }));
    for (const target of targets) await app.request(`http://shop.test${target}`);
    return seen;
  };

  test.each([
    [{ stripPrefix: "/api" }, ["/x", "/", "/", "/?a=/api", "/apis/x", "/x/api/y"]],
    [
      { stripPrefix: "/api", prefix: "/v2" },
      ["/v2/x", "/v2", "/v2/", "/v2?a=/api", "/v2/apis/x", "/v2/x/api/y"],
    ],
    [{ prefix: "/v2" }, ["/v2/api/x", "/v2/api", "/v2/api/", "/v2/api?a=/api", "/v2/apis/x", "/v2/x/api/y"]],
    [{ path: "/only" }, ["/only", "/only", "/only", "/only?a=/api", "/only", "/only"]],
    [{}, ["/api/x", "/api", "/api/", "/api?a=/api", "/apis/x", "/x/api/y"]],
  ])("rewrites paths (%j)", async (rewrite, expected) => {
    const paths = ["/api/x", "/api", "/api/", "/api?a=/api", "/apis/x", "/x/api/y"];
    expect(await pathsBehind(rewrite, ...paths)).toEqual(expected);
  });

  test("takes URL objects, and shares by weight", async () => {
    const seen: string[] = [];
    const upstream =
      (name: string): (() => Response) =>
      () => (seen.push(name), new Response());
    const lent = memoryPlatform({ upstreams: { "http://a": upstream("a"), "http://b": upstream("b") } });
    const targets = [{ url: new URL("http://a"), weight: 3 }, new URL("http://b")];
    const app = new Hono().all("*", proxyTo(targets, { platform: lent }));
    for (let i = 0; i < 8; i++) await app.request("http://shop.test/");
    expect(seen.filter((name) => name === "a")).toHaveLength(6);
  });

  test("tells onFailure of every failed exchange in place of the platform's telemetry", async () => {
    const told: string[] = [];
    const lent = memoryPlatform();
    const app = new Hono().all(
      "*",
      proxyTo("http://nowhere.test", {
        platform: lent,
        onFailure: ({ error, method, target }) => told.push(`${error.code} ${method} ${target}`),
      }),
    );
    await app.request("http://shop.test/a?b");
    await app.request("http://shop.test/%00");
    expect(told).toEqual(["connect-failed GET /a?b", "bad-request GET /%00"]);
    expect(lent.failures).toEqual([]);
  });

  test("refuses what the platform can't do", () => {
    const poor = { ...platform, name: "workers", capabilities: new Set<never>() };
    const create = createProxyTo(() => poor, refuseUnsupported);
    expect(() => create("http://a", { timeouts: { connect: "1s" } })).toThrow(
      "proxyTo.timeouts.connect: workers can't time out the connect step on its own",
    );
    expect(create("http://a")).toBeTypeOf("function");
  });
});
