import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { testGateway } from "../../../runtimes/memory/mod.ts";
import type { ConfigInput } from "../../../src/mod.ts";

const api = "http://api.test:3000";

/** An upstream that answers with what it received. */
const echo = (request: Request): Response =>
  Response.json({
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(request.headers),
  });

interface Echoed {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const one: ConfigInput = { upstreams: { api }, routes: [{ upstream: "api" }] };
const ask = async (config: ConfigInput, url: string, init?: RequestInit): Promise<Echoed> => {
  const { app } = testGateway(config, { [api]: echo });
  const response = await app.request(url, withHost(url, init));
  expect(response.status).toBe(200);
  return (await response.json()) as Echoed;
};
const withHost = (url: string, init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { host: new URL(url).host, ...(init.headers as Record<string, string> | undefined) },
});

describe("gateway", () => {
  test("forwards the target as it came in", async () => {
    const { url, method } = await ask(one, "http://shop.test/a/b?c=d&e", { method: "DELETE" });
    expect(url).toBe("http://api.test:3000/a/b?c=d&e");
    expect(method).toBe("DELETE");
  });

  test("tells the upstream who asked and for what", async () => {
    const { headers } = await ask(one, "http://shop.test/");
    expect(headers).toMatchObject({
      host: "api.test:3000",
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-host": "shop.test",
      "x-forwarded-proto": "http",
      via: "1.1 fairlead",
    });
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
  });

  test("never passes on what an untrusted client claims about itself", async () => {
    const { headers } = await ask(one, "http://shop.test/", {
      headers: { "x-forwarded-for": "10.9.8.7", "x-real-ip": "10.9.8.7", forwarded: "for=10.9.8.7" },
    });
    expect(JSON.stringify(headers)).not.toContain("10.9.8.7");
  });

  test("lets the route have the last word on the request id", async () => {
    const id = "x-request-id";
    const config: ConfigInput = {
      upstreams: { api },
      routes: [
        { match: { path: "/set" }, upstream: "api", responseHeaders: { set: { [id]: "mine" } } },
        {
          match: { path: "/rendered" },
          upstream: "api",
          responseHeaders: { set: { [id]: "${request.path}" } },
        },
        { match: { path: "/removed" }, upstream: "api", responseHeaders: { remove: ["X-Request-Id"] } },
        {
          match: { path: "/own" },
          respond: { headers: { "X-Request-Id": "own", "Referrer-Policy": "origin" } },
        },
        { match: { path: "/own-set" }, respond: {}, responseHeaders: { set: { [id]: "mine" } } },
        {
          match: { path: "/own-removed" },
          redirect: { path: "/" },
          responseHeaders: { remove: [id] },
        },
      ],
    };
    const { app } = testGateway(config, { [api]: () => new Response("ok", { headers: { [id]: "origin" } }) });
    const idOf = async (path: string): Promise<string | null> =>
      (await app.request(`http://shop.test${path}`, { headers: { host: "shop.test" } })).headers.get(id);
    expect(await idOf("/set")).toBe("mine");
    expect(await idOf("/rendered")).toBe("/rendered");
    expect(await idOf("/removed")).toBeNull();
    expect(await idOf("/own")).toBe("own");
    expect(await idOf("/own-set")).toBe("mine");
    expect(await idOf("/own-removed")).toBeNull();
    const own = await app.request("http://shop.test/own", { headers: { host: "shop.test" } });
    expect(own.headers.get("referrer-policy")).toBe("origin");
  });

  test("serves no host off the list, whoever tells of it", async () => {
    const config: ConfigInput = {
      ...one,
      listen: { trustedProxies: ["192.0.2.0/24"] },
      validation: { hosts: ["shop.test", "*.shop.test"] },
    };
    const { app } = testGateway(config, { [api]: echo });
    const statusOf = async (told: Readonly<Record<string, string>>): Promise<number> =>
      (await app.request("http://shop.test/", { headers: { host: "shop.test", ...told } })).status;
    expect(await statusOf({ "x-forwarded-host": "evil.test" })).toBe(421);
    expect(await statusOf({ "x-forwarded-host": "evil.test:80" })).toBe(421);
    expect(await statusOf({ forwarded: "for=198.51.100.7;host=evil.test" })).toBe(421);
    expect(await statusOf({ "x-forwarded-host": "[::1]:80" })).toBe(421);
    expect(await statusOf({ "x-forwarded-host": "a.shop.test:8443" })).toBe(200);
    expect(await statusOf({ "x-forwarded-host": "shop.test" })).toBe(200);
  });

  describe("fields that are not believed", () => {
    const config: ConfigInput = {
      upstreams: { api },
      routes: [
        { match: { headers: { "x-forwarded-proto": "https" } }, respond: { body: "secure" } },
        { match: { headers: { x_tenant: "admin" } }, respond: { body: "look-alike" } },
        { match: { headers: { "x-hop": true } }, respond: { body: "hop" } },
        {
          upstream: "api",
          requestHeaders: {
            set: { "x-told": "${header.x-forwarded-for}|${header.x_tenant}|${header.x-hop}" },
          },
          responseHeaders: { set: { "x-told": "${header.x-real-ip}|" } },
        },
      ],
    };
    const claims = {
      host: "shop.test",
      "x-forwarded-proto": "https",
      "x-forwarded-for": "6.6.6.6",
      "x-real-ip": "6.6.6.6",
      x_tenant: "admin",
      connection: "x-hop",
      "x-hop": "1",
    };

    test("decide no route and fill no template", async () => {
      const { app } = testGateway(config, { [api]: echo });
      const response = await app.request("http://shop.test/", { headers: claims });
      expect(response.headers.get("x-told")).toBe("|");
      expect(((await response.json()) as Echoed).headers["x-told"]).toBe("||");
    });

    test("are those of a trusted proxy no longer", async () => {
      const trusting: ConfigInput = { ...config, listen: { trustedProxies: ["192.0.2.0/24"] } };
      const { app } = testGateway(trusting, { [api]: echo });
      const secure = await app.request("http://shop.test/", { headers: claims });
      expect(await secure.text()).toBe("secure");
      const told = await app.request("http://shop.test/", {
        headers: { ...claims, "x-forwarded-proto": "http" },
      });
      expect(told.headers.get("x-told")).toBe("6.6.6.6|");
      expect(((await told.json()) as Echoed).headers["x-told"]).toBe("6.6.6.6||");
    });
  });

  test("believes a trusted proxy and adds the peer to its chain", async () => {
    const config: ConfigInput = { ...one, listen: { trustedProxies: ["192.0.2.0/24"] } };
    const { headers } = await ask(config, "http://shop.test/", {
      headers: { "x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https" },
    });
    expect(headers["x-forwarded-for"]).toBe("198.51.100.7, 192.0.2.1");
    expect(headers["x-forwarded-proto"]).toBe("https");
  });

  test("takes hop-by-hop fields and those that Connection names out of both directions", async () => {
    const { app } = testGateway(one, {
      [api]: (request) => {
        expect([...request.headers.keys()]).not.toEqual(expect.arrayContaining(["te"]));
        expect(request.headers.get("x-hop")).toBeNull();
        return new Response("ok", {
          headers: { connection: "x-secret", "x-secret": "1", "keep-alive": "timeout=5" },
        });
      },
    });
    const response = await app.request("http://shop.test/", {
      headers: { host: "shop.test", connection: "x-hop", "x-hop": "1", te: "trailers" },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-secret")).toBeNull();
    expect(response.headers.get("keep-alive")).toBeNull();
  });

  test("sends every middleware's headers with the response exactly once", async () => {
    const { app } = testGateway(one, { [api]: () => new Response("ok", { headers: { server: "origin" } }) });
    const response = await app.request("http://shop.test/", { headers: { host: "shop.test" } });
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("server")).toBeNull();
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
  });

  test("never overrides a security header that the upstream set", async () => {
    const { app } = testGateway(one, {
      [api]: () => new Response("ok", { headers: { "referrer-policy": "origin" } }),
    });
    const response = await app.request("http://shop.test/", { headers: { host: "shop.test" } });
    expect(response.headers.get("referrer-policy")).toBe("origin");
  });

  test("lets the route have the last word on headers", async () => {
    const config: ConfigInput = {
      upstreams: { api },
      routes: [
        {
          upstream: "api",
          requestHeaders: { set: { "x-forwarded-host": "other.test", "x-client": "${client.address}" } },
          responseHeaders: { set: { "x-content-type-options": "route" }, remove: ["referrer-policy"] },
        },
      ],
    };
    const { app } = testGateway(config, { [api]: echo });
    const response = await app.request("http://shop.test/", { headers: { host: "shop.test" } });
    const { headers } = (await response.json()) as Echoed;
    expect(headers["x-forwarded-host"]).toBe("other.test");
    expect(headers["x-client"]).toBe("192.0.2.1");
    expect(response.headers.get("x-content-type-options")).toBe("route");
    expect(response.headers.get("referrer-policy")).toBeNull();
  });

  test("keeps every Set-Cookie apart", async () => {
    const { app } = testGateway(one, {
      [api]: () =>
        new Response(null, {
          headers: [
            ["set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
            ["set-cookie", "b=2"],
          ],
        }),
    });
    const response = await app.request("http://shop.test/", { headers: { host: "shop.test" } });
    expect(response.headers.getSetCookie()).toEqual(["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"]);
  });

  test("answers 404 and 405 as problems", async () => {
    const config: ConfigInput = {
      upstreams: { api },
      routes: [{ match: { path: "/only", method: "POST" }, upstream: "api" }],
    };
    const { app } = testGateway(config, { [api]: echo });
    const missing = await app.request("http://shop.test/x", { headers: { host: "shop.test" } });
    expect(missing.status).toBe(404);
    expect(missing.headers.get("content-type")).toBe("application/problem+json");
    expect(await missing.json()).toMatchObject({ status: 404, code: "no-route" });
    const wrong = await app.request("http://shop.test/only", { headers: { host: "shop.test" } });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("POST");
  });

  test("redirects and answers without an upstream", async () => {
    const config: ConfigInput = {
      routes: [
        { match: { path: "/old/*" }, redirect: { status: 301, prefix: "/new" } },
        {
          match: { path: "/robots.txt" },
          respond: { body: "User-agent: *\n", headers: { "content-type": "text/plain" } },
        },
      ],
    };
    const { app } = testGateway(config, {});
    const moved = await app.request("http://shop.test/old/a?b=c", { headers: { host: "shop.test" } });
    expect(moved.status).toBe(301);
    expect(moved.headers.get("location")).toBe("/new/a?b=c");
    const fixed = await app.request("http://shop.test/robots.txt", { headers: { host: "shop.test" } });
    expect(await fixed.text()).toBe("User-agent: *\n");
    expect(fixed.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
  });

  test("divides a route between upstreams by weight", async () => {
    const config: ConfigInput = {
      upstreams: { stable: "http://stable.test", canary: "http://canary.test" },
      routes: [
        {
          upstream: [
            { name: "stable", weight: 9 },
            { name: "canary", weight: 1, requestHeaders: { set: { "x-canary": "yes" } } },
          ],
        },
      ],
    };
    const seen: string[] = [];
    const { app } = testGateway(config, {
      "http://stable.test": () => (seen.push("s"), new Response()),
      "http://canary.test": (request) => (seen.push(request.headers.get("x-canary") ?? "?"), new Response()),
    });
    for (let i = 0; i < 20; i++) await app.request("http://shop.test/", { headers: { host: "shop.test" } });
    expect(seen.filter((name) => name === "yes")).toHaveLength(2);
    expect(seen.filter((name) => name === "s")).toHaveLength(18);
  });

  test("refuses a body that says it is too long before anything goes upstream", async () => {
    let asked = 0;
    const { app } = testGateway(
      { ...one, listen: { limits: { bodyBytes: "1KB" } } },
      { [api]: () => (asked++, new Response()) },
    );
    const response = await app.request("http://shop.test/", {
      method: "POST",
      headers: { host: "shop.test", "content-length": "1001" },
      body: "x".repeat(1001),
    });
    expect(response.status).toBe(413);
    expect(asked).toBe(0);
  });
});

describe("gateway failure", () => {
  test("keeps everything internal from the client and tells telemetry the cause", async () => {
    const { app, failures } = testGateway(one, {
      [api]: () => {
        throw new Error("socket to 10.1.2.3 broke");
      },
    });
    const response = await app.request("http://shop.test/", { headers: { host: "shop.test" } });
    expect(response.status).toBe(502);
    const text = await response.text();
    expect(text).not.toContain("10.1.2.3");
    expect(text).not.toContain("api.test");
    expect(JSON.parse(text)).toMatchObject({ code: "upstream-reset", status: 502 });
    expect(failures).toHaveLength(1);
    expect((failures[0]?.error.cause as Error | undefined)?.message).toContain("10.1.2.3");
  });

  test("says 502 when nobody listens", async () => {
    const { app } = testGateway(one, {});
    expect((await app.request("http://shop.test/", { headers: { host: "shop.test" } })).status).toBe(502);
  });

  test("aborts an upstream that takes too long and says 504", async () => {
    let signal: AbortSignal | undefined;
    const { app, clock } = testGateway(one, {
      [api]: (request) => {
        signal = request.signal;
        return new Promise<Response>(() => {});
      },
    });
    const pending = app.request("http://shop.test/", { headers: { host: "shop.test" } });
    await clock.advance(15_000);
    const response = await pending;
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ code: "attempt-timeout" });
    expect(signal?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("ends the whole exchange when its total time is over", async () => {
    const config: ConfigInput = {
      upstreams: { api },
      routes: [{ upstream: "api", timeouts: { total: "2s" } }],
    };
    const { app, clock } = testGateway(config, { [api]: () => new Promise<Response>(() => {}) });
    const pending = app.request("http://shop.test/", { headers: { host: "shop.test" } });
    await clock.advance(2_000);
    const response = await pending;
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ code: "deadline-exceeded" });
    expect(clock.pending).toBe(0);
  });
});

describe("ready page", () => {
  const ready = (readyPath: string): ReturnType<typeof testGateway>["app"] =>
    testGateway({ ...one, listen: { readyPath } }, { [api]: () => new Response("upstream") }).app;
  const text = async (app: { request: Hono["request"] }, path: string, init?: RequestInit): Promise<string> =>
    (await app.request(path, init)).text();

  test("answers GET and HEAD of its path, and nothing else", async () => {
    const app = ready("/readyz");
    expect(await text(app, "/readyz")).toBe("ready\n");
    expect(await text(app, "/readyz?verbose")).toBe("ready\n");
    const head = await app.request("/readyz", { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.has("x-request-id")]).toEqual([200, "", true]);
    expect(await text(app, "/readyz", { method: "POST" })).toBe("upstream");
    expect(await text(app, "/readyz/")).toBe("upstream");
  });

  test.each(["/*", "/:any", "/:any{.+}"])("takes %s for no pattern", async (path) => {
    expect(await text(ready(path), "/any")).toBe("upstream");
  });

  test("is found however its path is spelt", async () => {
    expect(await text(ready("/caf\u00e9"), "/caf%C3%A9")).toBe("ready\n");
    expect(await text(ready("/100%25"), "/100%25")).toBe("ready\n");
  });

  test("sees the path that routes see where the gateway is mounted", async () => {
    const config: ConfigInput = {
      upstreams: { api },
      listen: { readyPath: "/shop/readyz" },
      routes: [{ match: { path: "/shop/x" }, upstream: "api" }],
    };
    const { app } = testGateway(config, { [api]: () => new Response("upstream") });
    const outer = new Hono().route("/shop", app);
    expect(await text(outer, "/shop/readyz")).toBe("ready\n");
    expect(await text(outer, "/shop/x")).toBe("upstream");
    expect((await outer.request("/shop/shop/readyz")).status).toBe(404);
    const mounted = new Hono().mount("/mounted", app.fetch);
    expect(await text(mounted, "/mounted/shop/readyz")).toBe("ready\n");
    expect(await text(mounted, "/mounted/shop/x")).toBe("upstream");
  });
});
