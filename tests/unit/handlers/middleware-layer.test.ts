import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { describe, expect, test } from "vitest";
import { middlewareLayer } from "../../../handlers/middleware-layer.ts";
import { securityHeaders } from "../../../middleware/security-headers.ts";
import { type ScriptedUpstream, testGateway } from "../../../runtimes/memory/mod.ts";
import type { Middleware } from "../../../src/config/types.ts";
import { NEVER_CANCELLED } from "../../../src/core/cancellation.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import type { HttpReply, Reply } from "../../../src/core/reply.ts";
import { firstValue } from "../../../src/http/headers.ts";
import { testAttempt, testEndpoint } from "../../support/attempt.ts";
import { Source, bytesBody, sourceOf, streamBody, textOf } from "../../support/reading.ts";

const url = "http://shop.test/a?b=c";
const headers = { host: "shop.test" };

const echo: ScriptedUpstream = async (request) =>
  Response.json({
    method: request.method,
    url: request.url,
    fields: Object.fromEntries(request.headers),
    text: await request.text(),
  });

type Echoed = Readonly<Record<"method" | "url" | "text", string>> & {
  readonly fields: Readonly<Record<string, string>>;
};

const gatewayWith = (
  middleware: readonly Middleware[],
  upstream: ScriptedUpstream = echo,
): ReturnType<typeof testGateway> =>
  testGateway({ upstreams: { api: "http://api" }, middleware }, { "http://api": upstream });

const exchange: Exchange = testAttempt({
  endpoint: testEndpoint({ url: "http://api" }),
  method: "POST",
  fields: ["Host", "shop.test", "X-Kept", "1", "x_odd", "1"],
  drop: ["x_odd"],
  body: streamBody(sourceOf(["con", "tent"]), 7),
  cancellation: NEVER_CANCELLED,
}).exchange;

const through = async (
  middleware: readonly MiddlewareHandler[],
  next: (exchange: Exchange) => Promise<Reply>,
  given: Exchange = exchange,
): Promise<HttpReply> => {
  const reply = await middlewareLayer(middleware)(next)(given);
  if (reply.kind !== "http") throw new TypeError("a tunnel");
  return reply;
};

describe("middleware on a gateway", () => {
  test("answers by itself, and marks what it lets through", async () => {
    const { app } = gatewayWith([cors({ origin: "https://spa.test" })]);
    const preflight = {
      method: "OPTIONS",
      headers: { ...headers, origin: "https://spa.test", "access-control-request-method": "PUT" },
    };
    expect((await app.request(url, preflight)).status).toBe(204);
    const response = await app.request(url, { headers: { ...headers, origin: "https://spa.test" } });
    expect(response.headers.get("access-control-allow-origin")).toBe("https://spa.test");
    expect(((await response.json()) as Echoed).url).toBe("http://api/a?b=c");
  });

  test("is there for its route alone, the gateway's around the route's", async () => {
    const order: string[] = [];
    const noting =
      (name: string): MiddlewareHandler =>
      async (_, next) => {
        order.push(name);
        await next();
      };
    const { app } = testGateway({
      middleware: [noting("gateway")],
      routes: [
        { match: { path: "/with" }, respond: { body: "with" }, middleware: [noting("route")] },
        { respond: { body: "without" } },
      ],
    });
    expect(await (await app.request("http://shop.test/with", { headers })).text()).toBe("with");
    expect(order.splice(0)).toEqual(["gateway", "route"]);
    expect(await (await app.request("http://shop.test/x", { headers })).text()).toBe("without");
    expect(order).toEqual(["gateway"]);
  });

  test("sees the client and the request's id", async () => {
    const seen: unknown[] = [];
    const { app } = gatewayWith([
      async (c: Parameters<MiddlewareHandler>[0], next: () => Promise<void>) => {
        const { client, route } = c.env as { client: { address: string }; route: string };
        seen.push(client.address, route, c.get("requestId"));
        await next();
      },
    ]);
    const response = await app.request(url, { headers });
    expect(seen).toEqual(["192.0.2.1", "route 1", response.headers.get("x-request-id")]);
  });

  test("may put another request in place of the client's, which goes upstream", async () => {
    const replacing: MiddlewareHandler = (c, next) => {
      const changed = new Headers(c.req.raw.headers);
      changed.delete("cookie");
      changed.set("x-added", "1");
      c.req.raw = new Request(new URL("/moved?to=here", c.req.url), {
        method: "PUT",
        headers: changed,
        body: "made",
      });
      return next();
    };
    const { app } = gatewayWith([replacing]);
    const response = await app.request(url, { headers: { ...headers, cookie: "a=1" } });
    const { fields, ...echoed } = (await response.json()) as Echoed;
    expect(echoed).toEqual({ method: "PUT", url: "http://api/moved?to=here", text: "made" });
    expect([fields["cookie"], fields["x-added"], fields["x-forwarded-for"]]).toEqual([
      undefined,
      "1",
      "192.0.2.1",
    ]);
  });

  test("may look at a copy of the content", async () => {
    const seen: string[] = [];
    const peeking: MiddlewareHandler = async (c, next) => {
      seen.push(await c.req.raw.clone().text());
      await next();
    };
    const { app } = gatewayWith([peeking]);
    const response = await app.request(url, { method: "POST", headers, body: "content" });
    expect([((await response.json()) as Echoed).text, ...seen]).toEqual(["content", "content"]);
  });

  test("may change what the upstream answered", async () => {
    const { app } = gatewayWith([etag()], () => new Response("same"));
    const first = await app.request(url, { headers });
    const tag = first.headers.get("etag") ?? "";
    expect([await first.text(), tag]).toEqual(["same", expect.stringMatching(/^"/)]);
    const again = await app.request(url, { headers: { ...headers, "if-none-match": tag } });
    expect(again.status).toBe(304);
  });

  test("has the last word over what the route answers, and the gateway over it", async () => {
    const { app } = gatewayWith([securityHeaders({ headers: { "x-frame-options": "DENY" } })]);
    const response = await app.request(url, { headers });
    expect(response.headers.get("x-frame-options")).toBe("DENY");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("that reads the content itself fails the exchange with a reason", async () => {
    const reading: MiddlewareHandler = async (c, next) => {
      await c.req.text();
      await next();
    };
    const { app, failures } = gatewayWith([reading]);
    const response = await app.request(url, { method: "POST", headers, body: "content" });
    expect(response.status).toBe(500);
    await response.text();
    expect(failures.map(({ error }) => [error.code, error.message])).toEqual([
      ["internal", "middleware read the request body and left nothing of it"],
    ]);
  });

  test.each([
    ["an error", () => Promise.reject(new Error("secret")), 500, "internal"],
    // oxlint-disable-next-line prefer-promise-reject-errors -- middleware may throw anything
    ["anything", () => Promise.reject("secret"), 500, "internal"],
    ["an error of the proxy", () => Promise.reject(new ProxyError("overloaded")), 503, "overloaded"],
  ])("that throws %s becomes a problem answer, and is reported", async (_, throwing, status, code) => {
    const { app, failures } = gatewayWith([cors({ origin: "*" }), throwing]);
    const response = await app.request(url, { headers });
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toMatchObject([status, { code }]);
    expect(text).not.toContain("secret");
    expect(failures.map(({ error }) => error.code)).toEqual([code]);
  });

  test("sees failures of the upstream as answers, and they are reported", async () => {
    const { app, failures } = testGateway({
      upstreams: { api: "http://api" },
      middleware: [cors({ origin: "*" })],
    });
    const response = await app.request(url, { headers: { ...headers, origin: "https://spa.test" } });
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([502, "*"]);
    await response.text();
    expect(failures.map(({ error }) => error.code)).toEqual(["connect-failed"]);
  });

  test("keeps answers of its own errors", async () => {
    const { app, failures } = gatewayWith([
      () => Promise.reject(new HTTPException(401, { res: new Response("who?", { status: 401 }) })),
    ]);
    const response = await app.request(url, { headers });
    expect([response.status, await response.text(), failures]).toEqual([401, "who?", []]);
  });
});

describe("middleware layer", () => {
  const passing: MiddlewareHandler = (_, next) => next();

  test("leaves the exchange and the body of its reply alone where middleware does", async () => {
    const seen: Exchange[] = [];
    const body = streamBody(new Source());
    const reply = await through([passing], async (given) => {
      seen.push(given);
      return { kind: "http", status: 200, fields: ["X-A", "1"], body };
    });
    expect(seen[0]).toBe(exchange);
    expect([reply.body, firstValue(reply.fields, "x-a")]).toEqual([body, "1"]);
  });

  test("leaves the body alone where only fields are changed", async () => {
    const adding: MiddlewareHandler = async (c, next) => {
      await next();
      c.res.headers.set("x-added", "1");
    };
    const body = streamBody(new Source());
    const reply = await through([cors(), adding], async () => ({
      kind: "http",
      status: 200,
      fields: [],
      body,
    }));
    expect([reply.body, firstValue(reply.fields, "x-added")]).toEqual([body, "1"]);
  });

  test("shows the request less what must not be believed", async () => {
    const seen: unknown[] = [];
    const looking: MiddlewareHandler = async (c, next) => {
      seen.push(c.req.method, c.req.header("x-kept"), c.req.header("x_odd"), await c.req.raw.clone().text());
      await next();
    };
    const given = { ...exchange, body: bytesBody("content") };
    await through(
      [looking],
      async () => ({ kind: "http", status: 204, fields: [], body: { kind: "none" } }),
      given,
    );
    expect(seen).toEqual(["POST", "1", undefined, "content"]);
  });

  test("passes a switch of protocols on", async () => {
    const tunnel = { kind: "bytes" as const, fromUpstream: new Source(), idleMs: 0, open: () => {} };
    const reply: Reply = { kind: "tunnel", protocol: "websocket", fields: [], tunnel };
    expect(await middlewareLayer([passing])(async () => reply)(exchange)).toBe(reply);
    const answering: MiddlewareHandler = async (c, next) => {
      await next();
      c.res = new Response("no", { status: 403 });
    };
    expect(await middlewareLayer([answering])(async () => reply)(exchange)).toMatchObject({ status: 403 });
    expect((await tunnel.fromUpstream.cancelled()).code).toBe("internal");
  });

  test("reads what middleware answers instead", async () => {
    const answering: MiddlewareHandler = async (c) => c.text("own", 403);
    const reply = await through([answering], () => Promise.reject(new Error("not asked")));
    expect([reply.status, await textOf(reply.body)]).toEqual([403, "own"]);
  });
});
