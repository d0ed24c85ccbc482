import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { type ValidationOptions, validation } from "../../../middleware/validation.ts";
import { ProxyError } from "../../../src/core/errors.ts";

const app = (options: ValidationOptions = {}): Hono => {
  const served = new Hono();
  served.onError((_, c) => c.text("failed", 500));
  served.use(validation(options));
  served.get("/headers", (c) => c.json(c.req.header()));
  served.post("/length", async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)));
  served.all("*", (c) => c.text("through"));
  return served;
};

const codeOf = async (response: Response): Promise<string> => {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = (await response.json()) as { code: string; status: number };
  expect(problem.status).toBe(response.status);
  return problem.code;
};

describe("validation", () => {
  it("lets an ordinary request through", async () => {
    const response = await app().request("http://site.example/a/%7eb?c");
    expect(await response.text()).toBe("through");
  });

  it.each([
    ["an encoded slash", "/a%2fb", {}],
    ["Content-Length with Transfer-Encoding", "/", { "content-length": "3", "transfer-encoding": "chunked" }],
    ["an unknown transfer coding", "/", { "transfer-encoding": "gzip" }],
    ["a list of lengths", "/", { "content-length": "3, 3" }],
    ["another Host than the URL's", "/", { host: "other.example" }],
  ])("answers 400 to %s", async (_, target, headers) => {
    const response = await app().request(`http://site.example${target}`, {
      headers: headers as Record<string, string>,
    });
    expect(response.status).toBe(400);
    expect(await codeOf(response)).toBe("bad-request");
  });

  it("answers 405 with Allow to methods that are not on the list", async () => {
    const listed = await app({ methods: ["GET", "POST"] }).request("/", { method: "PUT" });
    expect(listed.status).toBe(405);
    expect(listed.headers.get("allow")).toBe("GET, HEAD, POST");
    expect(await codeOf(listed)).toBe("method-not-allowed");
    expect((await app().request("/", { method: "PROPFIND" })).status).toBe(200);
    expect((await app({ methods: ["PROPFIND"] }).request("/", { method: "PROPFIND" })).status).toBe(200);
  });

  it("does not let TRACE through unless it is on the list", async () => {
    // A WHATWG request can't be a TRACE, a server's can.
    const trace = (options: ValidationOptions): Hono => {
      const served = new Hono();
      served.use((c, next) => {
        Object.defineProperty(c.req.raw, "method", { value: "TRACE" });
        return next();
      });
      served.use(validation(options));
      served.all("*", (c) => c.text("through"));
      return served;
    };
    expect((await trace({}).request("/")).status).toBe(405);
    expect((await trace({ methods: ["TRACE"] }).request("/")).status).toBe(200);
  });

  it.each([
    ["a.example", 200],
    ["A.example:8080", 200],
    ["x.wild.example", 200],
    ["x.y.wild.example", 200],
    ["wild.example", 421],
    ["other.example", 421],
  ])("serves the hosts on its list: %s gets %i", async (host, status) => {
    const response = await app({ hosts: ["a.example", "*.wild.example"] }).request(`http://${host}/`);
    expect(response.status).toBe(status);
  });

  it.each([
    ["application/json; charset=utf-8", 200],
    ["text/csv", 200],
    ["application/xml", 415],
  ])("accepts the content types on its list: %s gets %i", async (type, status) => {
    const options = { contentTypes: ["application/json", "text/*"] };
    const request = { method: "POST", body: "x", headers: { "content-type": type } };
    expect((await app(options).request("/", request)).status).toBe(status);
  });

  it("asks for no content type where there is no content", async () => {
    expect((await app({ contentTypes: ["application/json"] }).request("/")).status).toBe(200);
  });

  it("answers 414 and 431 beyond the limits", async () => {
    const small = app({ limits: { targetBytes: 5, headers: 2, headerBytes: 256 } });
    const longTarget = await small.request("/12345");
    expect([longTarget.status, await codeOf(longTarget)]).toEqual([414, "target-too-long"]);
    const many = await small.request("/", { headers: { a: "1", b: "2", c: "3" } });
    expect([many.status, await codeOf(many)]).toEqual([431, "header-too-large"]);
    expect((await small.request("/", { headers: { a: "x".repeat(256) } })).status).toBe(431);
  });

  it("answers 417 to expectations it does not know", async () => {
    expect((await app().request("/", { headers: { expect: "teapot" } })).status).toBe(417);
  });

  it("answers 413 to content that says it is too long", async () => {
    const limited = app({ limits: { bodyBytes: "10B" } });
    const request = (length: string): RequestInit => ({
      method: "POST",
      body: "x",
      headers: { "content-length": length },
    });
    expect((await limited.request("/", request("11"))).status).toBe(413);
    expect((await limited.request("/", request("10"))).status).toBe(200);
  });

  it("does not touch the body of a request without content", async () => {
    const request = new Request("http://a/", { method: "POST" });
    Object.defineProperty(request, "body", {
      get: () => {
        throw new Error("the body was touched");
      },
    });
    expect(await (await app({ contentTypes: ["text/plain"] }).request(request)).text()).toBe("through");
  });

  it("leaves the request as it came", async () => {
    const headers = { "x-hop": "1", x_under: "1", connection: "x-hop" };
    const original = new Request("http://a/headers", { headers });
    const served = new Hono();
    served.use(validation());
    served.get("/headers", (c) => c.json(c.req.raw === original));
    expect(await (await served.request(original)).json()).toBe(true);
  });

  it("refuses names with an underscore where it is told to", async () => {
    const request = { headers: { x_under: "1" } };
    expect((await app({ underscores: "reject" }).request("/", request)).status).toBe(400);
    expect((await app({ underscores: "allow" }).request("/", request)).status).toBe(200);
  });

  it.each(["GET", "HEAD"])("lets %s through that announces content", async (method) => {
    for (const framing of [{ "transfer-encoding": "chunked" }, { "content-length": "1", x_y: "1" }]) {
      const headers = framing as Record<string, string>;
      expect((await app().request("/", { method, headers })).status).toBe(200);
    }
  });

  it("lets HEAD in with GET, and says so", async () => {
    const served = app({ methods: ["GET", "PUT"] });
    expect((await served.request("/", { method: "HEAD" })).status).toBe(200);
    expect((await served.request("/", { method: "POST" })).headers.get("allow")).toBe("GET, HEAD, PUT");
  });

  it("lets the app decide how to refuse", async () => {
    const errors: ProxyError[] = [];
    const response = await app({
      methods: ["GET"],
      reject: (error, c) => {
        errors.push(error);
        return c.text("no", 405);
      },
    }).request("/", { method: "POST" });
    expect(await response.text()).toBe("no");
    expect(errors[0]).toBeInstanceOf(ProxyError);
  });

  it.each([
    [{ methods: "GET" }, "methods"],
    [{ methods: ["get"] }, "methods[0]"],
    [{ hosts: ["http://a"] }, "hosts[0]"],
    [{ underscores: "maybe" }, "underscores"],
    [{ limits: { headers: 0 } }, "limits.headers"],
    [{ limits: { bodyBytes: "ten" } }, "limits.bodyBytes"],
    [{ method: ["GET"] }, "method"],
    [{ reject: 1 }, "reject: expected a function"],
    [{ limits: null }, "limits: expected"],
    [
      { limits: { connections: 1 } },
      "limits.connections: unknown key; expected one of headerBytes, headers, targetBytes, bodyBytes",
    ],
    [{ limits: { requestsPerConnection: 1 } }, "limits.requestsPerConnection: unknown key"],
    [{ limits: { minRate: 1 } }, "limits.minRate: unknown key"],
    [null, "validation: expected an object, found null"],
  ])("refuses %j and names the field", (options, field) => {
    const wrong = options as unknown as ValidationOptions;
    expect(() => validation(wrong)).toThrow(TypeError);
    expect(() => validation(wrong)).toThrow(field);
  });
});
