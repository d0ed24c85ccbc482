/** Who the client is, and what the origin is told about it. */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream, type Stage } from "../support/suite.ts";
import type { Fields } from "../support/http-text.ts";

const SPOOFED = [
  "X-Forwarded-For: 6.6.6.6",
  "X-Forwarded-Host: evil.test",
  "X-Forwarded-Proto: https",
  "Forwarded: for=6.6.6.6;host=evil.test;proto=https",
];

const seenBy = async (stage: Stage, fields: readonly string[], host?: string): Promise<Fields> => {
  const response = await stage.request("/", { fields, ...(host === undefined ? {} : { host }) });
  expect(response.status).toBe(200);
  return (await stage.origin.request()).head.fields;
};

const untrusted: Case[] = [
  {
    title: "values beyond ASCII reach the origin as the bytes that they are",
    run: async (stage) => {
      const utf8 = Buffer.from("é中", "utf8").toString("latin1");
      const fields = await seenBy(stage, [`X-Text: ${utf8}`]);
      expect(fields.all("x-text")).toEqual([utf8]);
    },
  },
  {
    title: "cookies of more than one field reach the origin as pairs apart",
    run: async (stage) => {
      const fields = await seenBy(stage, ["Cookie: a=1", "Cookie: b=2,3"]);
      expect(fields.all("cookie").join("; ")).toBe("a=1; b=2,3");
    },
  },
  {
    title: "origin is told client address, host and scheme",
    run: async (stage) => {
      const fields = await seenBy(stage, [], "shop.test:8080");
      expect(fields.all("x-forwarded-for")).toEqual(["127.0.0.1"]);
      expect(fields.all("x-forwarded-host")).toEqual(["shop.test:8080"]);
      expect(fields.all("x-forwarded-proto")).toEqual(["http"]);
      expect(fields.all("x-forwarded-port")).toEqual(["8080"]);
      expect(fields.get("via")).toBe("1.1 fairlead");
    },
  },
  {
    title: "forwarding fields of an untrusted client are dropped",
    seenAt: ["fastify/fastify#5865"],
    run: async (stage) => {
      const fields = await seenBy(stage, SPOOFED);
      expect(fields.all("x-forwarded-for")).toEqual(["127.0.0.1"]);
      expect(fields.all("x-forwarded-host")).toEqual(["example.test"]);
      expect(fields.all("x-forwarded-proto")).toEqual(["http"]);
      expect(fields.get("forwarded") ?? "").not.toMatch(/6\.6\.6\.6|evil/);
    },
  },
  {
    title: "Host sent upstream is the endpoint's own by default",
    run: async (stage) => {
      const fields = await seenBy(stage, []);
      expect(fields.all("host")).toEqual([`127.0.0.1:${stage.origin.port}`]);
    },
  },
  {
    title: "Via of a client is kept and extended",
    run: async (stage) => {
      const fields = await seenBy(stage, ["Via: 1.0 first"]);
      expect(fields.get("via")).toBe("1.0 first, 1.1 fairlead");
    },
  },
];

conformance("forwarding from untrusted clients", { config: oneUpstream(), cases: untrusted });

conformance("fields of Cloudflare's edge elsewhere", {
  config: oneUpstream({ listen: { trustedProxies: "127.0.0.1" } }),
  cases: [
    {
      title: "address that only Cloudflare's edge may tell is not believed",
      run: async (stage) => {
        const fields = await seenBy(stage, ["CF-Connecting-IP: 6.6.6.6", "True-Client-IP: 6.6.6.6"]);
        expect(fields.all("x-forwarded-for")).toEqual(["127.0.0.1"]);
      },
    },
  ],
});

conformance("routing of untrusted clients", {
  config: oneUpstream({
    routes: [
      { match: { headers: { "x-forwarded-proto": "https" } }, respond: { status: 418 } },
      { match: { headers: { x_tenant: "admin" } }, respond: { status: 418 } },
      { upstream: "main", requestHeaders: { set: { "X-Told": "[${header.x-forwarded-for}]" } } },
    ],
  }),
  cases: [
    {
      title: "forwarding fields and look-alike names decide no route and fill no template",
      run: async (stage) => {
        const fields = await seenBy(stage, [...SPOOFED, "X_Tenant: admin"]);
        expect(fields.get("x-told")).toBe("[]");
      },
    },
  ],
});

const trusted: Case[] = [
  {
    title: "chain of a trusted proxy is walked from the right",
    seenAt: ["fastify/fastify#5865"],
    run: async (stage) => {
      const fields = await seenBy(stage, ["X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.1.2.3"]);
      expect(fields.get("x-client")).toBe("203.0.113.9");
      expect(fields.get("x-forwarded-for")).toMatch(/203\.0\.113\.9, 10\.1\.2\.3, 127\.0\.0\.1$/);
    },
  },
  {
    title: "scheme and host told by a trusted proxy are passed on",
    run: async (stage) => {
      const fields = await seenBy(stage, [
        "X-Forwarded-For: 203.0.113.9",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: shop.test",
      ]);
      expect([fields.get("x-forwarded-proto"), fields.get("x-forwarded-host")]).toEqual([
        "https",
        "shop.test",
      ]);
    },
  },
  {
    title: "chain with garbage stops at the garbage",
    seenAt: ["fastify/fastify#5865"],
    run: async (stage) => {
      const fields = await seenBy(stage, ["X-Forwarded-For: 203.0.113.9, not-an-address, 10.1.2.3"]);
      expect(fields.get("x-client")).toBe("10.1.2.3");
    },
  },
  {
    title: "chain of only trusted proxies gives the leftmost",
    run: async (stage) => {
      const fields = await seenBy(stage, ["X-Forwarded-For: 10.9.9.9, 10.1.2.3"]);
      expect(fields.get("x-client")).toBe("10.9.9.9");
    },
  },
  {
    title: "trusted proxy without a chain is itself the client",
    run: async (stage) => {
      expect((await seenBy(stage, [])).get("x-client")).toBe("127.0.0.1");
    },
  },
  {
    title: "Forwarded is sent where it is switched on",
    run: async (stage) => {
      const forwarded = (await seenBy(stage, ["X-Forwarded-For: 203.0.113.9"])).get("forwarded") ?? "";
      expect(forwarded).toMatch(/for="?203\.0\.113\.9"?/);
      expect(forwarded).toMatch(/for="?127\.0\.0\.1"?/);
    },
  },
];

conformance("forwarding from trusted proxies", {
  config: oneUpstream({
    listen: { trustedProxies: ["127.0.0.0/8", "10.0.0.0/8"] },
    forwarding: { forwarded: true },
    routes: [{ upstream: "main", requestHeaders: { set: { "X-Client": "${client.address}" } } }],
  }),
  cases: trusted,
});

conformance("forwarding switched off", {
  config: oneUpstream({ forwarding: { xForwarded: false, via: false } }),
  cases: [
    {
      title: "no forwarding fields are sent, also none of the client's",
      run: async (stage) => {
        const fields = await seenBy(stage, SPOOFED);
        expect(fields.names.filter((name) => /^(x-forwarded-|forwarded$|via$)/.test(name))).toEqual([]);
      },
    },
  ],
});

const HOST_SEEN_AT = ["nodejs/undici#2369", "denoland/deno#14909", "oven-sh/bun#26579"];

conformance("host policy", {
  config: ([origin]) => ({
    upstreams: {
      preserving: { endpoints: origin, host: "preserve" },
      literal: { endpoints: origin, host: "inside.example" },
    },
    routes: [{ match: { path: "/literal" }, upstream: "literal" }, { upstream: "preserving" }],
  }),
  cases: [
    {
      title: "preserved Host reaches the origin as the client sent it",
      seenAt: HOST_SEEN_AT,
      run: async (stage) => {
        const fields = await seenBy(stage, [], "shop.test:8080");
        expect(fields.all("host")).toEqual(["shop.test:8080"]);
        expect(fields.get("x-forwarded-host")).toBe("shop.test:8080");
      },
    },
    {
      title: "literal Host reaches the origin",
      seenAt: HOST_SEEN_AT,
      run: async (stage) => {
        await stage.request("/literal");
        const { fields } = (await stage.origin.request()).head;
        expect(fields.all("host")).toEqual(["inside.example"]);
        expect(fields.get("x-forwarded-host")).toBe("example.test");
      },
    },
  ],
});
