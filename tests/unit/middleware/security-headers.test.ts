import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import {
  type SecurityHeadersMiddlewareOptions,
  securityHeaders,
} from "../../../middleware/security-headers.ts";
import { observatory } from "../http/observatory.ts";

const app = (options?: Parameters<typeof securityHeaders>[0]): Hono => {
  const served = new Hono();
  served.use(securityHeaders(options));
  served.get("/", (c) =>
    c.html("<!doctype html><title>x</title>", 200, { server: "x", "x-frame-options": "SAMEORIGIN" }),
  );
  served.get("/plain", (c) => c.html("<!doctype html><title>x</title>"));
  return served;
};

describe("securityHeaders", () => {
  it("adds what is absent, keeps what is there, takes out what tells of the server", async () => {
    const { headers } = await app().request("/");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
    expect(headers.has("server")).toBe(false);
    expect(headers.get("content-type")).toBe("text/html; charset=UTF-8");
  });

  it("gets an A+ for an HTML answer with the strict preset", async () => {
    const { headers } = await app("strict").request("https://site.example/plain");
    expect(observatory(headers).grade).toBe("A+");
  });

  it("sends HSTS over https alone", async () => {
    expect((await app("strict").request("http://a/plain")).headers.has("strict-transport-security")).toBe(
      false,
    );
    expect((await app("strict").request("https://a/plain")).headers.has("strict-transport-security")).toBe(
      true,
    );
  });

  it.each([
    ["10.0.0.1", true],
    ["192.0.2.1", false],
  ])("believes the scheme that %s forwards: %s", async (address, secure) => {
    const served = new Hono();
    served.use(
      securityHeaders({
        preset: "strict",
        trustedPeer: (peer) => peer === "10.0.0.1",
        getConnInfo: () => ({ remote: { address } }),
      }),
    );
    served.get("/", (c) => c.text(""));
    for (const forwarded of [{ "x-forwarded-proto": "https" }, { forwarded: "for=192.0.2.9;proto=https" }]) {
      const { headers } = await served.request("/", { headers: forwarded as Record<string, string> });
      expect(headers.has("strict-transport-security")).toBe(secure);
    }
  });

  it("overrides when told", async () => {
    const { headers } = await app({ preset: "strict", override: true }).request("/");
    expect(headers.get("x-frame-options")).toBe("DENY");
  });

  it("keeps cookies apart on a response with immutable headers", async () => {
    const origin = new Hono();
    origin.get("/", (c) => {
      c.header("set-cookie", "a=1", { append: true });
      c.header("set-cookie", "b=2", { append: true });
      c.header("server", "x");
      return c.text("body");
    });
    const served = new Hono();
    served.use(securityHeaders());
    served.get("/redirect", () => Response.redirect("https://a.example/", 302));
    served.get(
      "/copied",
      async () => new Response((await origin.request("/")).body, await origin.request("/")),
    );
    const redirect = await served.request("/redirect");
    expect(redirect.status).toBe(302);
    expect(redirect.headers.get("location")).toBe("https://a.example/");
    expect(redirect.headers.get("x-content-type-options")).toBe("nosniff");
    const copied = await served.request("/copied");
    expect(copied.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(copied.headers.has("server")).toBe(false);
    expect(await copied.text()).toBe("body");
  });

  it.each([
    [{ preset: "lax" }, "preset"],
    [{ headers: { "x-a": 1 } }, "x-a"],
    [{ headers: { "x-a": "a\r\nb" } }, "x-a"],
    [{ remove: "server" }, "remove"],
    [{ overide: true }, "overide"],
    [{ trustedPeer: "10.0.0.0/8" }, "trustedPeer: expected a function"],
    [{ trustedPeer: () => true }, "getConnInfo: expected the function of your runtime's adapter"],
    [false, "securityHeaders: expected an object, found false"],
    [null, "securityHeaders: expected an object, found null"],
    ["lax", "preset"],
  ])("refuses %j and names the field", (options, field) => {
    const wrong = options as unknown as SecurityHeadersMiddlewareOptions;
    expect(() => securityHeaders(wrong)).toThrow(TypeError);
    expect(() => securityHeaders(wrong)).toThrow(field);
  });
});
