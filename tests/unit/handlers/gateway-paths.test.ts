/** Paths and URLs through a whole gateway: what is forwarded, refused and redirected. */
import { describe, expect, test } from "vitest";
import { testGateway } from "../../../runtimes/memory/mod.ts";
import type { ConfigInput } from "../../../src/mod.ts";

const origin = "http://api.test:3000";
const trusted = { listen: { trustedProxies: "192.0.2.1" } };

/** Status, location and what the upstream was asked for. */
const ask = async (
  config: ConfigInput,
  url: string,
  { headers = {}, method = "GET" }: { headers?: Record<string, string>; method?: string } = {},
): Promise<{ status: number; location: string | null; url?: string; headers?: Headers; detail?: string }> => {
  let asked: Request | undefined;
  const { app, failures } = testGateway(
    { upstreams: { api: origin }, ...config },
    {
      [origin]: (request) => {
        asked = request;
        return new Response("ok");
      },
    },
  );
  const response = await app.request(url, { method, headers: { host: new URL(url).host, ...headers } });
  const location = response.headers.get("location");
  return {
    status: response.status,
    location,
    ...(asked && { url: asked.url.slice(origin.length), headers: asked.headers }),
    ...(failures[0] && { detail: failures[0].error.message }),
  };
};

describe("an encoded slash", () => {
  const routes: ConfigInput["routes"] = [
    { match: { path: "/npm/*" }, upstream: "api", encodedSlash: "keep", rewrite: { stripPrefix: true } },
    {
      match: { path: "/projects/:id/*" },
      upstream: "api",
      encodedSlash: "keep",
      rewrite: { path: "/p/${param.id}" },
    },
    { match: { path: "/app/*" }, upstream: "api" },
  ];

  test.each([
    ["/npm/@scope%2fname", "/@scope%2fname"],
    ["/npm/@scope%2Fname?a=%2f", "/@scope%2Fname?a=%2f"],
    ["/projects/group%2Fproject/issues", "/p/group%2Fproject"],
  ])("of %s is sent as %s by a route that keeps it", async (path, url) => {
    expect(await ask({ routes }, `http://a.test${path}`)).toMatchObject({ status: 200, url });
  });

  test.each(["/app/a%2fb", "/nowhere/a%2Fb"])(
    "of %s is refused by default, with the setting's name",
    async (path) => {
      const { status, detail } = await ask({ routes }, `http://a.test${path}`);
      expect(status).toBe(400);
      expect(detail).toContain("encoded slash (%2F)");
      expect(detail).toContain('`encodedSlash: "keep"`');
    },
  );

  test("is kept everywhere by the setting for all, but where a route says otherwise", async () => {
    const config: ConfigInput = {
      validation: { encodedSlash: "keep" },
      routes: [
        { match: { path: "/a/*" }, upstream: "api" },
        { match: { path: "/b/*" }, upstream: "api", encodedSlash: "reject" },
      ],
    };
    expect(await ask(config, "http://a.test/a/x%2fy")).toMatchObject({ status: 200, url: "/a/x%2fy" });
    expect(await ask(config, "http://a.test/b/x%2fy")).toMatchObject({ status: 400 });
    expect(await ask(config, "http://a.test/c/x%2fy")).toMatchObject({ status: 404 });
  });

  test.each(["/npm/a%5cb", "/npm/a%252fb", "/npm/..%2fapp", "/npm/a%2f..%2f..%2fapp", "/npm/a%00"])(
    "does not let %s pass",
    async (path) => {
      expect(await ask({ routes }, `http://a.test${path}`)).toMatchObject({ status: 400 });
    },
  );
});

describe("a stripped prefix", () => {
  const config = (base: string): ConfigInput => ({
    upstreams: { api: `${origin}${base}` },
    routes: [{ match: { path: "/test/*" }, upstream: "api", rewrite: { stripPrefix: true } }],
  });

  test.each([
    ["/api", "/test?q=1", "/api?q=1"],
    ["/api", "/test/?q=1", "/api/?q=1"],
    ["/api", "/test", "/api"],
    ["/api/", "/test", "/api/"],
    ["/api/", "/test/x", "/api/x"],
    ["/api", "/test//x", "/api//x"],
    ["", "/test", "/"],
    ["", "/test?q=1", "/?q=1"],
  ])("before base path '%s' makes of %s %s", async (base, path, url) => {
    let asked = "";
    const { app } = testGateway(config(base), {
      [origin]: (request) => {
        asked = request.url.slice(origin.length);
        return new Response("ok");
      },
    });
    await app.request(`http://a.test${path}`, { headers: { host: "a.test" } });
    expect(asked).toBe(url);
  });
});

describe("a redirect to https", () => {
  const config: ConfigInput = {
    ...trusted,
    routes: [{ redirect: { scheme: "https", status: 308 } }, { upstream: "api" }],
  };

  test("sends clients that came by http", async () => {
    const location = "https://a.test/x?y";
    expect(await ask(config, "http://a.test/x?y")).toMatchObject({ status: 308, location });
    expect(await ask(config, "http://a.test/x?y", { method: "POST" })).toMatchObject({
      status: 308,
      location,
    });
  });

  test("does not apply to those whom a trusted proxy says came by https: the next route does", async () => {
    const headers = { "x-forwarded-proto": "https" };
    expect(await ask(config, "http://a.test/x?y", { headers })).toMatchObject({ status: 200, url: "/x?y" });
    expect(await ask(config, "http://a.test/x", { headers, method: "POST" })).toMatchObject({ status: 200 });
  });

  test("applies whatever an untrusted client says", async () => {
    const headers = { "x-forwarded-proto": "https" };
    expect(await ask({ ...config, listen: {} }, "http://a.test/", { headers })).toMatchObject({
      status: 308,
    });
  });

  test("leaves nothing where there is no other route", async () => {
    const alone: ConfigInput = { ...trusted, upstreams: {}, routes: [{ redirect: { scheme: "https" } }] };
    const headers = { "x-forwarded-proto": "https" };
    expect(await ask(alone, "http://a.test/", { headers })).toMatchObject({ status: 404 });
  });
});

test("303 leads from a POST to the same URL", async () => {
  const config: ConfigInput = {
    routes: [{ match: { method: "POST" }, redirect: { status: 303 } }, { upstream: "api" }],
  };
  expect(await ask(config, "http://a.test/x?y", { method: "POST" })).toMatchObject({
    status: 303,
    location: "/x?y",
  });
  expect(await ask(config, "http://a.test/x?y")).toMatchObject({ status: 200 });
});

describe("X-Forwarded-Port", () => {
  const port = async (config: ConfigInput, url: string, headers: Record<string, string>): Promise<unknown> =>
    (await ask({ routes: [{ upstream: "api" }], ...config }, url, { headers })).headers?.get(
      "x-forwarded-port",
    );

  test("is what the client asked for", async () => {
    expect(await port({}, "http://a.test:8080/", {})).toBe("8080");
    expect(await port({}, "http://a.test/", { "x-forwarded-port": "1" })).toBe("80");
    expect(await port(trusted, "http://a.test/", { "x-forwarded-proto": "https" })).toBe("443");
  });

  test("of a trusted proxy is passed on", async () => {
    expect(await port(trusted, "http://a.test/", { "x-forwarded-port": "8443" })).toBe("8443");
  });
});

describe("a path by an expression or with a wildcard", () => {
  const routes: ConfigInput["routes"] = [
    {
      name: "avatar",
      match: { path: { regex: "/u/(?<id>\\d+)/avatar\\.(?:png|jpg)" } },
      upstream: "api",
      rewrite: { path: "/avatars/${param.id}" },
      requestHeaders: { set: { "x-user": "${param.id}" } },
    },
    { name: "status", match: { path: "/v1/*/status" }, respond: { body: "" } },
    { name: "rest", upstream: "api" },
  ];

  test("routes, and its groups are parameters", async () => {
    const { url, headers } = await ask({ routes }, "http://a.test/u/42/avatar.png?s=1");
    expect(url).toBe("/avatars/42?s=1");
    expect(headers?.get("x-user")).toBe("42");
    expect(await ask({ routes }, "http://a.test/v1/a/status")).not.toHaveProperty("url");
    expect(await ask({ routes }, "http://a.test/v1/a/b/status")).toMatchObject({ url: "/v1/a/b/status" });
  });
});
