import { Hono } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorBoundary, problemFor, problemResponse } from "../../../middleware/error-boundary.ts";
import { requestId } from "../../../middleware/request-id.ts";
import { securityHeaders } from "../../../middleware/security-headers.ts";
import { ERROR_KINDS, type ErrorCode, ProxyError } from "../../../src/core/errors.ts";

const SECRET = "10.1.2.3 refused at /srv/app.js";

const app = (thrown: () => unknown, onFailure?: (error: ProxyError) => void): Hono => {
  const served = new Hono();
  served.use(requestId({ generate: () => "id-1" }));
  served.use(errorBoundary({ onFailure }));
  served.get("/fine", (c) => c.text("fine"));
  served.get("/", () => {
    throw thrown();
  });
  return served;
};

// Hono's own `onError` writes what it gets to the console before the boundary sees it.
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("errorBoundary", () => {
  it("leaves answers alone", async () => {
    const response = await app(() => new Error("no")).request("/fine");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("fine");
  });

  it("answers a ProxyError by its code, with the fields it asks for", async () => {
    const cause = new Error(SECRET);
    const response = await app(
      () => new ProxyError("overloaded", { detail: SECRET, cause, headers: { "retry-after": "7" } }),
    ).request("/");
    expect(response.status).toBe(503);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("retry-after")).toBe("7");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({
      status: 503,
      title: "Too many requests in progress",
      code: "overloaded",
      requestId: "id-1",
    });
  });

  it.each([
    ["an Error", () => new Error(SECRET)],
    ["a TypeError", () => new TypeError(SECRET)],
    ["a string", () => SECRET],
    ["an object", () => ({ SECRET })],
    ["undefined", () => undefined],
  ])("says nothing of %s but 500", async (_, thrown) => {
    const response = await app(thrown).request("/");
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: "internal", requestId: "id-1" });
    expect(text).not.toMatch(/10\.1|srv|SECRET/);
    expect(response.headers.get("x-request-id")).toBe("id-1");
  });

  it.each([
    ["text/html", "text/html; charset=utf-8"],
    ["text/plain", "text/plain; charset=utf-8"],
  ])("answers %s in kind", async (accept, type) => {
    const response = await app(() => new ProxyError("no-route")).request("/", { headers: { accept } });
    expect(response.headers.get("content-type")).toBe(type);
  });

  it("keeps answers that errors carry themselves", async () => {
    const response = await app(() => new HTTPException(418, { message: "teapot" })).request("/");
    expect(response.status).toBe(418);
    expect(await response.text()).toBe("teapot");
  });

  it("tells of the failure once, with its cause", async () => {
    const told: ProxyError[] = [];
    const defect = new Error(SECRET);
    await app(
      () => defect,
      (error) => told.push(error),
    ).request("/");
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ code: "internal", cause: defect });
  });

  it.each([
    [{ onFailure: "x" }, "onFailure: expected a function"],
    [{ onfailure: () => {} }, 'onfailure: unknown key; did you mean "onFailure"?'],
    [null, "errorBoundary: expected an object, found null"],
  ])("refuses %j", (options, message) => {
    expect(() => errorBoundary(options as never)).toThrow(TypeError);
    expect(() => errorBoundary(options as never)).toThrow(message);
  });

  const three = [errorBoundary(), requestId({ generate: () => "id-1" }), securityHeaders()] as const;
  it.each([[[0, 1, 2]], [[0, 2, 1]], [[1, 0, 2]], [[1, 2, 0]], [[2, 0, 1]], [[2, 1, 0]]] as const)(
    "gives a whole answer in any order of middleware: %j",
    async (order) => {
      for (const thrown of [new Error(SECRET), "text"]) {
        const served = new Hono();
        for (const index of order) served.use(three[index]);
        // oxlint-disable-next-line prefer-promise-reject-errors -- apps may throw anything
        served.get("/", () => Promise.reject(thrown));
        const response = await served.request("/");
        expect(response.status).toBe(500);
        expect(response.headers.get("x-request-id")).toBe("id-1");
        expect(response.headers.get("x-content-type-options")).toBe("nosniff");
        expect(await response.json()).toMatchObject({ code: "internal", requestId: "id-1" });
      }
    },
  );

  it("keeps what middleware set before, and nothing that speaks of other content", async () => {
    const served = new Hono();
    served.use(cors({ origin: "https://spa.example", credentials: true }));
    served.use(errorBoundary());
    served.use((c, next) => {
      c.header("set-cookie", "a=1", { append: true });
      c.header("set-cookie", "b=2", { append: true });
      c.header("content-encoding", "gzip");
      c.header("etag", '"x"');
      c.header("last-modified", "Thu, 01 Jan 1970 00:00:00 GMT");
      return next();
    });
    served.get("/", () => {
      throw new ProxyError("overloaded");
    });
    const { headers, status } = await served.request("/", { headers: { origin: "https://spa.example" } });
    expect(status).toBe(503);
    expect(headers.get("access-control-allow-origin")).toBe("https://spa.example");
    expect(headers.get("access-control-allow-credentials")).toBe("true");
    expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(["content-encoding", "etag", "last-modified"].filter((name) => headers.has(name))).toEqual([]);
  });

  it("answers in the place of a response that is there when something that is no Error is thrown", async () => {
    const served = new Hono();
    served.use(errorBoundary());
    served.use(async (_, next) => {
      await next();
      // oxlint-disable-next-line only-throw-error -- apps may throw anything
      throw "after";
    });
    served.get("/", (c) => c.text("fine"));
    expect((await served.request("/")).status).toBe(500);
  });

  it("answers in the place of a sub-app's own onError", async () => {
    const sub = new Hono();
    sub.onError((_, c) => c.text("sub page", 503));
    sub.get("/x", () => {
      throw new Error(SECRET);
    });
    const served = new Hono();
    served.use(errorBoundary());
    served.route("/sub", sub);
    expect((await served.request("/sub/x")).headers.get("content-type")).toBe("application/problem+json");
  });
});

describe("problemFor", () => {
  const failing = (thrown: () => Error): Hono => {
    const served = new Hono();
    served.onError((error, c) => problemFor(c, error));
    served.use(requestId({ generate: () => "id-1" }));
    served.use(securityHeaders());
    served.use((c, next) => {
      c.header("set-cookie", "a=1");
      return next();
    });
    served.get("/", () => {
      throw thrown();
    });
    return served;
  };

  it("is a whole answer for onError", async () => {
    const response = await failing(() => new ProxyError("overloaded")).request("/");
    expect(response.status).toBe(503);
    expect(response.headers.getSetCookie()).toEqual(["a=1"]);
    expect(response.headers.get("x-request-id")).toBe("id-1");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.json()).toMatchObject({ code: "overloaded", requestId: "id-1" });
  });

  it("tells nothing of other errors, and keeps answers that errors carry themselves", async () => {
    const internal = await failing(() => new Error(SECRET)).request("/");
    expect([internal.status, await internal.text()]).toEqual([500, expect.not.stringContaining("10.1")]);
    const own = await failing(() => new HTTPException(401, { message: "who?" })).request("/");
    expect([own.status, await own.text()]).toEqual([401, "who?"]);
    expect(own.headers.get("x-request-id")).toBe("id-1");
  });
});

describe("problemResponse", () => {
  const codes = Object.keys(ERROR_KINDS) as ErrorCode[];

  it.each(codes)("never sends 499 or anything internal for %s", async (code) => {
    const response = problemResponse(new ProxyError(code, { detail: SECRET, cause: new Error(SECRET) }), {
      requestId: "r",
      accept: undefined,
    });
    expect(response.status).not.toBe(499);
    expect(await response.text()).not.toContain("10.1.2.3");
  });
});
