import { Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { requestId as honoRequestId } from "hono/request-id";
import { describe, expect, it } from "vitest";
import { createGateway } from "../../../handlers/gateway.ts";
import { createProxyTo } from "../../../handlers/proxy.ts";
import { requestId } from "../../../middleware/request-id.ts";
import { securityHeaders } from "../../../middleware/security-headers.ts";
import { validation } from "../../../middleware/validation.ts";
import { type MemoryPlatform, memoryPlatform } from "../../../runtimes/memory/mod.ts";
import { refuseUnsupported } from "../../../runtimes/refuse.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Arrival } from "../../../src/core/arrival.ts";
import type { Attempt } from "../../../src/core/exchange.ts";
import type { ConfigInput } from "../../../src/mod.ts";

const api = "http://api.test";

interface Bed {
  readonly platform: MemoryPlatform;
  readonly attempts: readonly Attempt[];
  /** Requests that the platform was asked to read. */
  readonly arrived: readonly Request[];
  readonly arrivals: readonly Arrival[];
}

/** A platform that tells what it was asked. */
const bed = (respond: (request: Request) => Response | Promise<Response>): Bed => {
  const attempts: Attempt[] = [];
  const arrived: Request[] = [];
  const arrivals: Arrival[] = [];
  const lent = memoryPlatform({ upstreams: { [api]: respond } });
  const platform: MemoryPlatform = {
    ...lent,
    arrive(request, env) {
      const arrival = lent.arrive(request, env);
      arrived.push(request);
      arrivals.push(arrival);
      return arrival;
    },
    transport: {
      ...lent.transport,
      send(attempt) {
        attempts.push(attempt);
        return lent.transport.send(attempt);
      },
    },
  };
  return { platform, attempts, arrived, arrivals };
};

const proxied = ({ platform }: Bed, ...around: readonly MiddlewareHandler[]): Hono => {
  const app = new Hono();
  for (const middleware of around) app.use(middleware);
  return app.all("*", createProxyTo(() => platform, refuseUnsupported)(api));
};

const gatewayed = ({ platform }: Bed, config: ConfigInput, ...around: readonly MiddlewareHandler[]): Hono => {
  const app = new Hono();
  for (const middleware of around) app.use(middleware);
  const whole = { upstreams: { api }, routes: [{ upstream: "api" }], ...config };
  return app.route("/", createGateway(parseConfig(whole), platform));
};

const echo = async (request: Request): Promise<Response> =>
  Response.json({ headers: Object.fromEntries(request.headers), text: await request.text() });

interface Echoed {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const url = "http://shop.test/";
const sent = async (response: Response | Promise<Response>): Promise<Echoed> => {
  const received = await response;
  expect(received.status).toBe(200);
  return (await received.json()) as Echoed;
};

const chunked = (text: string): RequestInit & { duplex: "half" } => ({
  method: "POST",
  body: new Blob([text]).stream(),
  duplex: "half",
});

describe("validation around a handler", () => {
  it("leaves the gateway's own rules in force", async () => {
    const app = gatewayed(
      bed(echo),
      { validation: { methods: ["GET"], hosts: ["shop.test"] }, listen: { limits: { targetBytes: 20 } } },
      validation(),
    );
    expect((await app.request(url, { method: "DELETE" })).status).toBe(405);
    expect((await app.request("http://evil.test/")).status).toBe(421);
    expect((await app.request(`${url}${"a".repeat(30)}`)).status).toBe(414);
    expect((await app.request(url)).status).toBe(200);
  });

  it("is in force before a gateway that allows more", async () => {
    const app = gatewayed(bed(echo), { validation: { underscores: "allow" } }, validation());
    const { headers } = await sent(app.request(url, { headers: { x_y: "1", "x-kept": "1" } }));
    expect(headers["x_y"]).toBeUndefined();
    expect(headers["x-kept"]).toBe("1");
    const open = gatewayed(bed(echo), { validation: { underscores: "allow" } });
    expect((await sent(open.request(url, { headers: { x_y: "1" } }))).headers["x_y"]).toBe("1");
  });

  it.each([
    ["a field held back", { x_y: "1" }, { method: "POST", body: "text" }],
    ["content of untold length", {}, chunked("text")],
    ["both", { x_y: "1" }, chunked("text")],
  ])("with %s, the handler reads the request that the server handed over", async (_, headers, init) => {
    const used = bed(echo);
    const app = proxied(used, validation());
    const original = new Request(url, { ...init, headers });
    const { headers: forwarded, text } = await sent(app.request(original));
    expect(used.arrived).toEqual([original]);
    expect(used.attempts[0]?.exchange.arrival).toBe(used.arrivals[0]);
    expect(text).toBe("text");
    expect(forwarded["x-forwarded-for"]).toBe("192.0.2.1");
    expect(forwarded["x_y"]).toBeUndefined();
  });

  it.each([
    [100, 4],
    [4, 100],
  ])("has its limit kept by the handler, and the handler its own (%i, %i)", async (own, limit) => {
    const used = bed(echo);
    const config = { listen: { limits: { bodyBytes: own } } };
    const guard = validation({ limits: { bodyBytes: limit } });
    const response = await gatewayed(used, config, guard).request(url, chunked("1234"));
    expect((await sent(response)).text).toBe("1234");
    expect((await gatewayed(used, config, guard).request(url, chunked("12345"))).status).toBe(413);
  });

  it.each(["before", "behind"])(
    "%s other middleware that made a request of its own, that is sent",
    async (place) => {
      const used = bed(echo);
      const replacing: MiddlewareHandler = (c, next) => {
        const headers = new Headers(c.req.raw.headers);
        headers.set("x-added", "1");
        c.req.raw = new Request(c.req.raw, { headers });
        return next();
      };
      const around = [validation(), replacing];
      const app = proxied(used, requestId(), ...(place === "before" ? around : around.toReversed()));
      const { headers, text } = await sent(app.request(url, { ...chunked("text"), headers: { x_y: "1" } }));
      expect(text).toBe("text");
      expect(headers["x-added"]).toBe("1");
      expect(headers["x_y"]).toBeUndefined();
      expect(headers["x-forwarded-for"]).toBe("192.0.2.1");
      expect(used.attempts[0]?.cancellation).toBe(used.arrivals[0]?.cancellation);
    },
  );

  it("lets other middleware read a copy of the content on its way", async () => {
    const seen: string[] = [];
    const app = proxied(bed(echo), validation(), async (c, next) => {
      const copy = c.req.raw.clone();
      await next();
      seen.push(await copy.text());
    });
    const { text } = await sent(app.request(url, { ...chunked("text"), headers: { x_y: "1" } }));
    expect([text, ...seen]).toEqual(["text", "text"]);
  });
});

describe("requestId around a handler", () => {
  it("replaces the field that carries its id, and leaves others alone", async () => {
    const around = requestId({ header: "x-correlation-id", generate: () => "own" });
    const headers = { "x-correlation-id": "spoofed", "x-request-id": "client's" };
    const proxy = await sent(proxied(bed(echo), around).request(url, { headers }));
    expect(proxy.headers["x-correlation-id"]).toBe("own");
    expect(proxy.headers["x-request-id"]).toBe("client's");
    const app = gatewayed(bed(echo), { requestId: { header: "x-trace" } }, around);
    const response = await app.request(url, { headers: { ...headers, "x-trace": "spoofed" } });
    expect([response.headers.get("x-correlation-id"), response.headers.get("x-trace")]).toEqual([
      "own",
      "own",
    ]);
    expect((await sent(response)).headers).toMatchObject({ "x-correlation-id": "own", "x-trace": "own" });
  });

  it("is told once, whoever has the same field", async () => {
    const around = [requestId({ generate: () => "outer" }), requestId({ generate: () => "inner" })];
    const response = await gatewayed(bed(echo), {}, ...around).request(url);
    expect(response.headers.get("x-request-id")).toBe("outer");
    expect((await sent(response)).headers["x-request-id"]).toBe("outer");
  });

  it("that nobody told anything, proxyTo lets the client's field pass", async () => {
    const { headers } = await sent(
      proxied(bed(echo)).request(url, { headers: { "x-request-id": "client's" } }),
    );
    expect(headers["x-request-id"]).toBe("client's");
    expect((await sent(proxied(bed(echo)).request(url))).headers["x-request-id"]).toBeUndefined();
  });

  it("may be Hono's own", async () => {
    const around = honoRequestId({ generator: () => "hono-1" });
    expect((await sent(proxied(bed(echo), around).request(url))).headers["x-request-id"]).toBe("hono-1");
    const response = await gatewayed(bed(echo), {}, around).request(url);
    expect(response.headers.get("x-request-id")).toBe("hono-1");
    expect((await sent(response)).headers["x-request-id"]).toBe("hono-1");
  });
});

describe("edits around a handler", () => {
  const around = [requestId({ generate: () => "id-1" }), securityHeaders()];
  const complete = (response: Response): void => {
    expect(response.headers.get("x-request-id")).toBe("id-1");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.has("server")).toBe(false);
  };
  const upstream = (request: Request): Response =>
    new Response("up", {
      status: request.url.endsWith("/missing") ? 404 : 200,
      headers: { etag: '"x"', server: "up" },
    });

  it("are on a response that the app made after the handler's", async () => {
    const app = new Hono();
    for (const middleware of around) app.use(middleware);
    const proxy = createProxyTo(() => bed(upstream).platform, refuseUnsupported)(api);
    app.all("*", async (c, next) => {
      const response = await proxy(c, next);
      if (!(response instanceof Response)) throw new TypeError("no response");
      return response.status === 404 ? c.text("own", 404, { server: "own" }) : response;
    });
    const own = await app.request(`${url}missing`);
    expect([own.status, await own.text()]).toEqual([404, "own"]);
    complete(own);
    complete(await app.request(url));
  });

  it("are on what other middleware makes of the handler's response", async () => {
    const notModified = await proxied(bed(upstream), ...around, etag()).request(url, {
      headers: { "if-none-match": '"x"' },
    });
    expect(notModified.status).toBe(304);
    complete(notModified);
    complete(await proxied(bed(upstream), ...around, cors()).request(url));
    complete(await proxied(bed(upstream), cors(), ...around).request(url));
  });

  it("have the last word over the gateway's own", async () => {
    const fields = async (app: Hono): Promise<readonly (string | null)[]> => {
      const { headers } = await app.request(url);
      return ["referrer-policy", "x-frame-options", "content-security-policy"].map((name) =>
        headers.get(name),
      );
    };
    const strict = await fields(proxied(bed(upstream), securityHeaders("strict")));
    expect(strict[0]).toBe("same-origin");
    for (const section of ["default", "strict", false] as const) {
      const app = gatewayed(bed(upstream), { securityHeaders: section }, securityHeaders("strict"));
      expect(await fields(app)).toEqual(strict);
    }
  });

  it("of the inner middleware stand before fallbacks of the outer", async () => {
    const strict = await proxied(bed(upstream), securityHeaders(), securityHeaders("strict")).request(url);
    expect(strict.headers.get("referrer-policy")).toBe("same-origin");
    const id = requestId({ header: "x-id", generate: () => "id-1" });
    const fallback = securityHeaders({ headers: { "x-id": "none" } });
    expect((await proxied(bed(upstream), fallback, id).request(url)).headers.get("x-id")).toBe("id-1");
  });
});
