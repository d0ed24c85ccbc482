import { Hono } from "hono";
import type { ConnInfo } from "hono/conninfo";
import { requestId as honoRequestId } from "hono/request-id";
import { describe, expect, it } from "vitest";
import { type RequestIdOptions, requestId } from "../../../middleware/request-id.ts";
import { validation } from "../../../middleware/validation.ts";

const app = (options: RequestIdOptions = {}, peer = "192.0.2.1"): Hono => {
  let made = 0;
  const served = new Hono();
  const getConnInfo = (): ConnInfo => ({ remote: { address: peer } });
  served.use(requestId({ generate: () => `made-${++made}`, getConnInfo, ...options }));
  served.get("/", (c) => c.text(c.get("requestId")));
  served.get("/own", (c) => c.text("", 200, { "x-request-id": "upstream's" }));
  served.get("/throw", () => {
    throw new Error("secret");
  });
  served.onError((_, c) => c.text(`failed ${c.get("requestId")}`, 500));
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
    served.get("/", (c) => c.text(c.get("requestId")));
    const ids = new Set([await (await served.request("/")).text(), await (await served.request("/")).text()]);
    expect(ids.size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("honours the id that is there, of Hono's own middleware or another of these", async () => {
    const served = new Hono();
    served.use(honoRequestId({ generator: () => "hono-1" }));
    served.use(requestId());
    served.use("/inner", requestId({ header: "x-trace" }));
    served.get("*", (c) => c.text(c.get("requestId")));
    const response = await served.request("/inner");
    expect(await response.text()).toBe("hono-1");
    expect(response.headers.get("x-request-id")).toBe("hono-1");
    expect(response.headers.get("x-trace")).toBe("hono-1");
  });

  it("takes no harmful id from a variable", async () => {
    const served = new Hono<{ Variables: { requestId: string } }>();
    served.use((c, next) => {
      c.set("requestId", "<script>");
      return next();
    });
    served.use(requestId({ generate: () => "own" }));
    served.get("/", (c) => c.text(c.get("requestId")));
    expect(await (await served.request("/")).text()).toBe("own");
  });

  it.each([["bad\r\nid"], [""], ["a".repeat(129)], [Promise.resolve("id")], [undefined]])(
    "fails at %j as a generated id, and says whose it is",
    async (id) => {
      let told = "";
      const served = new Hono();
      served.onError((error, c) => {
        told = error.message;
        return c.text("", 500);
      });
      served.use(requestId({ generate: () => id as string }));
      served.get("/", (c) => c.text(""));
      expect((await served.request("/")).status).toBe(500);
      expect(told).toContain("requestId: generate: expected 1-128 characters");
    },
  );

  it("asks for the peer with the request that the server handed over", async () => {
    const served = new Hono();
    const asked: Request[] = [];
    const original = new Request("http://a/", { headers: { x_y: "1", "x-request-id": "client" } });
    served.use(validation());
    served.use((c, next) => {
      c.req.raw = new Request(c.req.raw, { headers: c.req.raw.headers });
      return next();
    });
    served.use(
      requestId({
        trustedPeer: (address) => address === "10.0.0.1",
        getConnInfo: (c) => {
          asked.push(c.req.raw);
          return { remote: { address: "::ffff:10.0.0.1" } };
        },
      }),
    );
    served.get("/", (c) => c.text(""));
    const response = await served.request(original);
    expect(asked).toEqual([original]);
    expect(response.headers.get("x-request-id")).toBe("client");
  });

  it.each([
    [{ header: "bad name" }, "header"],
    [{ trust: "sometimes" }, "trust"],
    [{ heder: "x" }, "heder"],
    [{ generate: "x" }, "generate: expected a function"],
    [{ trustedPeer: true }, "trustedPeer: expected a function"],
    [{ trustedPeer: () => true }, "getConnInfo: expected the function of your runtime's adapter"],
    [{ getConnInfo: {} }, "getConnInfo: expected a function"],
    [{ generat: () => "x" }, 'generat: unknown key; did you mean "generate"?'],
    [null, "requestId: expected an object, found null"],
  ])("refuses %j and names the field", (options, field) => {
    expect(() => requestId(options as RequestIdOptions)).toThrow(TypeError);
    expect(() => requestId(options as RequestIdOptions)).toThrow(field);
  });
});
