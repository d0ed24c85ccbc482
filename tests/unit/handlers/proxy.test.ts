import { Hono } from "hono";
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
    expect(platform.failures.at(-1)?.error.message).toContain("read before it reached the proxy");
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
  ])("says which option is wrong (%#)", (call, message) => {
    expect(call).toThrow(new RegExp(message));
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
