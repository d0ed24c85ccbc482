import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { ensureArrival, requestIdOf } from "../../../middleware/context.ts";
import { type RequestIdOptions, requestId } from "../../../middleware/request-id.ts";
import { webArrival } from "../../../src/core/web-arrival.ts";

const app = (options: RequestIdOptions = {}, peer = "192.0.2.1"): Hono => {
  let made = 0;
  const served = new Hono();
  served.use((c, next) => {
    ensureArrival(c, () => webArrival(c.req.raw, { address: peer, port: undefined }));
    return next();
  });
  served.use(requestId({ generate: () => `made-${++made}`, ...options }));
  served.get("/", (c) => c.text(requestIdOf(c) ?? "none"));
  served.get("/own", (c) => c.text("", 200, { "x-request-id": "upstream's" }));
  served.get("/throw", () => {
    throw new Error("secret");
  });
  served.onError((_, c) => c.text(`failed ${requestIdOf(c)}`, 500));
  return served;
};

const given = { headers: { "x-request-id": "client.1~a_b-c" } };

describe("requestId", () => {
  it("gives every request an id of its own, and tells it", async () => {
    const served = app();
    for (const id of ["made-1", "made-2"]) {
      const response = await served.request("/");
      expect(response.headers.get("x-request-id")).toBe(id);
      expect(await response.text()).toBe(id);
    }
  });

  it.each([
    ["always", "192.0.2.1", "client.1~a_b-c"],
    ["never", "10.0.0.1", "made-1"],
    ["trusted", "192.0.2.1", "made-1"],
    ["trusted", "10.0.0.1", "client.1~a_b-c"],
  ] as const)("with trust %s from %s keeps or makes: %s", async (trust, peer, id) => {
    const trustedPeer = (address: string): boolean => address.startsWith("10.");
    const response = await app({ trust, trustedPeer }, peer).request("/", given);
    expect(response.headers.get("x-request-id")).toBe(id);
  });

  it("trusts nobody by default", async () => {
    const response = await app({}, "10.0.0.1").request("/", given);
    expect(response.headers.get("x-request-id")).toBe("made-1");
  });

  it.each(["", "a b", "a\tb", "é", "<script>", "a".repeat(129), 'a"b', "a,b"])(
    "never keeps %j",
    async (id) => {
      const response = await app({ trust: "always" }).request("/", { headers: { "x-request-id": id } });
      expect(response.headers.get("x-request-id")).toBe("made-1");
    },
  );

  it("replaces the id that the handler sent", async () => {
    const response = await app().request("/own");
    expect(response.headers.get("x-request-id")).toBe("made-1");
  });

  it("is on error answers too", async () => {
    const response = await app().request("/throw");
    expect(response.headers.get("x-request-id")).toBe("made-1");
    expect(await response.text()).toBe("failed made-1");
  });

  it("uses the header that it is told", async () => {
    const response = await app({ header: "X-Trace", trust: "always" }).request("/", {
      headers: { "x-trace": "abc" },
    });
    expect(response.headers.get("x-trace")).toBe("abc");
    expect(response.headers.has("x-request-id")).toBe(false);
  });

  it("makes random ids where nothing else is given", async () => {
    const served = new Hono();
    served.use(requestId());
    served.get("/", (c) => c.text(requestIdOf(c) ?? ""));
    const ids = new Set([await (await served.request("/")).text(), await (await served.request("/")).text()]);
    expect(ids.size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    [{ header: "bad name" }, "header"],
    [{ trust: "sometimes" }, "trust"],
    [{ heder: "x" }, "heder"],
  ])("refuses %j and names the field", (options, field) => {
    expect(() => requestId(options as RequestIdOptions)).toThrow(TypeError);
    expect(() => requestId(options as RequestIdOptions)).toThrow(field);
  });
});
