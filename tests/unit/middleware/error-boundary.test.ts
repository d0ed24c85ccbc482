import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorBoundary, problemResponse } from "../../../middleware/error-boundary.ts";
import { requestId } from "../../../middleware/request-id.ts";
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

  it("refuses options that are none", () => {
    expect(() => errorBoundary({ onFailure: "x" as never })).toThrow(TypeError);
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
