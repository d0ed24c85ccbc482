/** `Max-Forwards` counts the proxies that OPTIONS and TRACE may pass (RFC 9110 §7.6.2). */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream } from "../support/suite.ts";

const SEEN_AT = ["zoxy-io/zoxy#240"];
const left = (count: string): string => `Max-Forwards: ${count}`;

const options: Case[] = [
  {
    title: "OPTIONS that may pass no proxy is answered here",
    seenAt: SEEN_AT,
    run: async (stage) => {
      const { status, fields } = await stage.request("/a", { method: "OPTIONS", fields: [left("0")] });
      expect([200, 204]).toContain(status);
      expect(fields.get("allow")).toContain("GET");
      expect(stage.origin.seen).toEqual([]);
    },
  },
  ...[
    ["1", "0"],
    ["5", "4"],
    ["010", "9"],
  ].map(([sent = "", received = ""]): Case => ({
    title: `OPTIONS that may pass ${sent} proxies is sent on with ${received}`,
    seenAt: SEEN_AT,
    run: async (stage) => {
      expect((await stage.request("/a", { method: "OPTIONS", fields: [left(sent)] })).status).toBe(200);
      expect((await stage.origin.request()).head.fields.all("max-forwards")).toEqual([received]);
    },
  })),
  {
    title: "OPTIONS without a count is sent on without one",
    run: async (stage) => {
      expect((await stage.request("/a", { method: "OPTIONS" })).status).toBe(200);
      expect((await stage.origin.request()).header("max-forwards")).toBeUndefined();
    },
  },
  {
    title: "count of another method is passed on as it is",
    run: async (stage) => {
      expect((await stage.request("/a", { fields: [left("0")] })).status).toBe(200);
      expect((await stage.origin.request()).header("max-forwards")).toBe("0");
    },
  },
];

conformance("Max-Forwards of OPTIONS", { config: oneUpstream(), cases: options });

const traces: Case[] = [
  {
    title: "TRACE that may pass no proxy is answered here with the request, without its secrets",
    seenAt: SEEN_AT,
    run: async (stage) => {
      const fields = [left("0"), "X-Seen: yes", "Authorization: Basic canary", "Cookie: sid=canary"];
      const { status, fields: answered, text } = await stage.request("/a", { method: "TRACE", fields });
      expect([status, answered.get("content-type")]).toEqual([200, "message/http"]);
      expect(text).toMatch(/^TRACE \/a HTTP\/1\.1\r\n/);
      expect(text).toMatch(/^x-seen: yes\r$/im);
      expect(text).not.toContain("canary");
      expect(stage.origin.seen).toEqual([]);
    },
  },
  {
    title: "TRACE that may pass 5 proxies is sent on with 4",
    seenAt: SEEN_AT,
    run: async (stage) => {
      expect((await stage.request("/a", { method: "TRACE", fields: [left("5")] })).status).toBe(200);
      const { head } = await stage.origin.request();
      expect([head.method, head.fields.all("max-forwards")]).toEqual(["TRACE", ["4"]]);
    },
  },
];

conformance("Max-Forwards of TRACE", {
  config: oneUpstream({ validation: { methods: ["GET", "TRACE"] } }),
  cases: traces,
});
