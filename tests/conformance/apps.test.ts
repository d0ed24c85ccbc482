/** Middleware and `proxyTo` in a Hono app of somebody's own do on every runtime what they do in a gateway. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "../support/app.ts";
import { RawClient, type RawResponse } from "../support/raw-client.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { RUNTIMES } from "../support/runtimes.ts";
import { type RequestParts, requestText } from "../support/suite.ts";

/** A field that validation holds back: any client can send one. */
const HELD_BACK = "x_y: 1";

describe.each(RUNTIMES)("app on %s", (runtime) => {
  let origin: RawOrigin;
  let app: RunningApp;
  beforeAll(async () => {
    origin = await RawOrigin.start();
    app = await startApp(runtime, origin.url);
  }, 30_000);
  afterAll(async () => {
    await app.stop();
    await origin.stop();
  });
  beforeEach(() => origin.reset());

  const request = async (
    target: string,
    parts: RequestParts = {},
    content: string = "",
  ): Promise<RawResponse> => {
    // A Worker knows its client from what Cloudflare's edge puts here; workerd alone puts nothing.
    const edge = runtime === "workerd" ? ["CF-Connecting-IP: 127.0.0.1"] : [];
    const client = await RawClient.connect(app.port);
    try {
      const fields = [...edge, ...(parts.fields ?? [])];
      void client.send(requestText(target, { ...parts, fields }) + content);
      return await client.response(parts.method);
    } finally {
      client.close();
    }
  };

  const chunked = (target: string, bytes: number, more: readonly string[]): Promise<RawResponse> =>
    request(
      target,
      { method: "POST", fields: ["Transfer-Encoding: chunked", ...more] },
      `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n0\r\n\r\n`,
    );

  test.each([[[]], [[HELD_BACK]]])("middleware knows the peer (%j)", async (more) => {
    const fields = ["X-Request-Id: from-peer", "X-Forwarded-Proto: https", ...more];
    const response = await request("/", { fields });
    expect(response.fields.get("x-request-id")).toBe("from-peer");
    expect(response.fields.get("strict-transport-security")).toBeDefined();
    expect(response.text).not.toContain("x_y");
  });

  test.each([[[]], [[HELD_BACK]]])("proxyTo tells the peer, and the id once (%j)", async (more) => {
    const response = await request("/proxy/a", { fields: ["X-Request-Id: from-peer", ...more] });
    expect(response.status).toBe(200);
    expect(response.fields.get("x-request-id")).toBe("from-peer");
    expect(response.fields.get("x-frame-options")).toBe("DENY");
    const [exchange] = origin.exchanges;
    expect(exchange?.header("x-forwarded-for")).toBe("127.0.0.1");
    expect(exchange?.header("x-request-id")).toBe("from-peer");
    expect(exchange?.header("x_y")).toBeUndefined();
  });

  test.each([
    ["/", []],
    ["/", [HELD_BACK]],
    ["/proxy/a", []],
    ["/proxy/a", [HELD_BACK]],
  ])("content of untold length at %s is whole, or refused when it is too long (%j)", async (target, more) => {
    origin.script(async (exchange) => {
      const body = await exchange.body().catch(() => undefined);
      if (body !== undefined) await exchange.respond(200, {}, JSON.stringify({ text: body.toString() }));
    });
    const fits = await chunked(target, 1_000, more);
    expect(fits.status).toBe(200);
    expect(JSON.parse(fits.text)).toMatchObject({ text: "x".repeat(1_000) });
    const long = await chunked(target, 1_001, more);
    expect(long.status).toBe(413);
    expect(JSON.parse(long.text)).toMatchObject({ code: "body-too-large" });
    expect(long.fields.get("x-request-id")).toBeDefined();
    expect(long.fields.get("x-frame-options")).toBe("DENY");
  });

  test("sized content with a field held back is sent on as it is", async () => {
    origin.script(async (exchange) => exchange.respond(200, {}, await exchange.body()));
    const response = await request("/proxy/a", { method: "POST", fields: [HELD_BACK], body: "text" });
    expect(response.text).toBe("text");
    expect(origin.exchanges[0]?.header("content-length")).toBe("4");
  });

  test.each([[[]], [[HELD_BACK]]])(
    "a request of the app's own is sent on in its place (%j)",
    async (more) => {
      origin.script(async (exchange) => exchange.respond(200, {}, await exchange.body()));
      const sized = await request("/proxy/changed", { method: "POST", fields: more, body: "text" });
      expect(sized.text).toBe("text");
      expect((await chunked("/proxy/changed", 1_000, more)).text).toBe("x".repeat(1_000));
      expect((await chunked("/proxy/changed", 1_001, more)).status).toBe(413);
      expect((await request("/proxy/changed", { fields: more })).status).toBe(200);
      for (const exchange of origin.exchanges.slice(0, 2)) {
        expect(exchange.header("x-added")).toBe("by the app");
        expect(exchange.header("x-forwarded-for")).toBe("127.0.0.1");
        expect(exchange.header("x_y")).toBeUndefined();
      }
    },
  );

  test("what is thrown becomes a whole answer", async () => {
    const response = await request("/throw", { fields: ["X-Request-Id: from-peer"] });
    expect(response.status).toBe(500);
    expect(JSON.parse(response.text)).toMatchObject({ code: "internal", requestId: "from-peer" });
    expect(response.fields.get("x-request-id")).toBe("from-peer");
    expect(response.fields.get("x-frame-options")).toBe("DENY");
  });
});
