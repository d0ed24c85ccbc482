/** Middleware in a Hono app of somebody's own does on every runtime what it does in a gateway, before a proxy and alone. */
import { expect } from "vitest";
import type { RawResponse } from "../support/raw-client.ts";
import { type Case, type Stage, conformance, oneUpstream, requestText } from "../support/suite.ts";

/** With and without a field that validation holds back, which any client can send. */
const WAYS: readonly (readonly string[])[] = [[], ["x_y: 1"]];

/** workerd alone does not tell who is there. */
const fieldsOf = ({ runtime }: Stage, more: readonly string[]): readonly string[] =>
  runtime === "workerd" ? ["CF-Connecting-IP: 127.0.0.1", ...more] : more;

const chunked = (
  stage: Stage,
  target: string,
  bytes: number,
  more: readonly string[],
): Promise<RawResponse> => {
  const fields = fieldsOf(stage, ["Transfer-Encoding: chunked", ...more]);
  const content = `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n0\r\n\r\n`;
  return stage.raw(requestText(target, { method: "POST", fields }) + content, "POST");
};

const echo = (stage: Stage): void =>
  stage.origin.script(async (exchange) => {
    const body = await exchange.body().catch(() => undefined);
    if (body !== undefined) await exchange.respond(200, {}, JSON.stringify({ text: body.toString() }));
  });

const refused = (response: RawResponse): void => {
  expect(response.status).toBe(413);
  expect(JSON.parse(response.text)).toMatchObject({ code: "body-too-large" });
  expect(response.fields.get("x-request-id")).toBeDefined();
  expect(response.fields.get("x-frame-options")).toBe("DENY");
};

const cases: Case[] = [
  {
    title: "trusted peer's id and scheme are believed",
    run: async (stage) => {
      for (const more of WAYS) {
        const fields = ["X-Request-Id: from-peer", "X-Forwarded-Proto: https", ...more];
        const response = await stage.request("/guarded/", { fields });
        expect(response.fields.get("x-request-id")).toBe("from-peer");
        expect(response.fields.get("strict-transport-security")).toBeDefined();
      }
    },
  },
  {
    title: "proxied request names its client, and its id once",
    run: async (stage) => {
      for (const more of WAYS) {
        stage.origin.reset();
        const fields = ["X-Request-Id: from-peer", ...more];
        const response = await stage.request("/guarded/proxy/a", { fields });
        expect(response.fields.get("x-request-id")).toBe("from-peer");
        expect(response.fields.get("x-frame-options")).toBe("DENY");
        const exchange = await stage.origin.request();
        expect(exchange.header("x-forwarded-for")).toBe("127.0.0.1");
        expect(exchange.header("x-request-id")).toBe("from-peer");
        expect(exchange.header("x_y")).toBeUndefined();
      }
    },
  },
  ...["/guarded/proxy/a", "/guarded/proxy/changed"].map((target): Case => ({
    title: `content of untold length at ${target} is whole, or refused when it is too long`,
    run: async (stage) => {
      echo(stage);
      for (const more of WAYS) {
        const whole = await chunked(stage, target, 1_000, more);
        expect(JSON.parse(whole.text)).toMatchObject({ text: "x".repeat(1_000) });
        refused(await chunked(stage, target, 1_001, more));
      }
    },
  })),
  {
    title: "sized content with a field held back is sent on as it is",
    run: async (stage) => {
      echo(stage);
      const parts = { method: "POST", fields: ["x_y: 1"], body: "text" };
      expect((await stage.request("/guarded/proxy/sized", parts)).text).toBe('{"text":"text"}');
      // What was refused a moment ago may still have been on its way to the origin.
      const sized = stage.origin.exchanges.find(({ head: { target } }) => target.endsWith("/sized"));
      expect(sized?.header("content-length")).toBe("4");
    },
  },
  {
    title: "request of the app's own is sent in its place, and still names its client",
    run: async (stage) => {
      for (const fields of WAYS) {
        stage.origin.reset();
        echo(stage);
        const parts = { method: "POST", fields, body: "text" };
        expect((await stage.request("/guarded/proxy/changed", parts)).text).toBe('{"text":"text"}');
        const exchange = await stage.origin.request();
        expect(exchange.header("x-added")).toBe("by the app");
        expect(exchange.header("x-forwarded-for")).toBe("127.0.0.1");
        expect(exchange.header("x_y")).toBeUndefined();
      }
    },
  },
  {
    title: "error that is thrown becomes a whole answer",
    run: async (stage) => {
      const response = await stage.request("/guarded/throw", { fields: ["X-Request-Id: from-peer"] });
      expect(response.status).toBe(500);
      expect(JSON.parse(response.text)).toMatchObject({ code: "internal", requestId: "from-peer" });
      expect(response.fields.get("x-request-id")).toBe("from-peer");
      expect(response.fields.get("x-frame-options")).toBe("DENY");
    },
  },
];

conformance("library middleware", { serves: "app", config: oneUpstream(), cases });
