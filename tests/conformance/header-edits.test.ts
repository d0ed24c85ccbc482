/** Header edits of routes and of a split's upstreams, with variables; the split itself. */
import { expect } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { type Case, conformance } from "../support/suite.ts";

const config = ([first, second = ""]: readonly [string, ...string[]]): ConfigInput => ({
  upstreams: { main: first, other: second },
  routes: [
    {
      match: { path: "/edit/:id" },
      upstream: "main",
      requestHeaders: {
        set: {
          "X-Set": "new",
          "X-Client": "${client.address}",
          "X-Id": "${request.id}",
          "X-Param": "${param.id}",
        },
        append: { "X-More": ["b", "from-${header.x-name}"] },
        remove: ["X-Secret"],
      },
      responseHeaders: {
        set: { "X-Up": "proxy", "X-Echo": "${request.id}" },
        append: { "X-List": "two" },
        remove: ["X-Internal"],
      },
    },
    {
      match: { path: "/split" },
      upstream: [
        { name: "main", weight: 3, requestHeaders: { set: { "X-Branch": "stable" } } },
        { name: "other", weight: 1, responseHeaders: { set: { "X-Branch": "canary" } } },
      ],
    },
    { match: { path: "/closed" }, upstream: [{ name: "main", weight: 0 }, { name: "other" }] },
  ],
});

const cases: Case[] = [
  {
    title: "request headers are set, appended and removed",
    run: async (stage) => {
      await stage.request("/edit/7", {
        fields: ["X-Set: old", "X-More: a", "X-Secret: s", "X-Name: Ann", "X-Kept: as it is"],
      });
      const { fields } = (await stage.origin.request()).head;
      expect(fields.all("x-set")).toEqual(["new"]);
      expect(fields.get("x-more")).toBe("a, b, from-Ann");
      expect(fields.get("x-secret")).toBeUndefined();
      expect(fields.get("x-kept")).toBe("as it is");
    },
  },
  {
    title: "header variables give client address, request id and route parameter",
    run: async (stage) => {
      const response = await stage.request("/edit/a%20b");
      const { fields } = (await stage.origin.request()).head;
      expect(fields.get("x-client")).toBe("127.0.0.1");
      expect(fields.get("x-param")).toBe("a%20b");
      expect(fields.get("x-id")).toMatch(/^[A-Za-z0-9._~-]{16,128}$/);
      expect(response.fields.get("x-echo")).toBe(fields.get("x-id"));
    },
  },
  {
    title: "header variable that is absent leaves nothing in its place",
    run: async (stage) => {
      await stage.request("/edit/7");
      expect((await stage.origin.request()).header("x-more")).toBe("b, from-");
    },
  },
  {
    title: "response headers are set, appended and removed",
    run: async (stage) => {
      stage.origin.script((x) =>
        x.respond(200, { "X-Up": "origin", "X-List": "one", "X-Internal": "10.0.0.1" }),
      );
      const { fields } = await stage.request("/edit/7");
      expect(fields.all("x-up")).toEqual(["proxy"]);
      expect(fields.get("x-list")).toBe("one, two");
      expect(fields.get("x-internal")).toBeUndefined();
    },
  },
  {
    title: "weighted split sends each upstream its share",
    run: async (stage) => {
      const seen = { stable: 0, canary: 0 };
      const client = await stage.client();
      for (let i = 0; i < 200; i++) {
        await client.send("GET /split HTTP/1.1\r\nHost: example.test\r\n\r\n");
        const response = await client.response();
        seen[response.fields.get("x-branch") === "canary" ? "canary" : "stable"] += 1;
      }
      expect(stage.at(0).exchanges.length).toBe(seen.stable);
      expect(stage.at(1).exchanges.length).toBe(seen.canary);
      expect(seen.canary).toBeGreaterThan(15);
      expect(seen.canary).toBeLessThan(95);
      expect(stage.at(0).exchanges.every((x) => x.header("x-branch") === "stable")).toBe(true);
      expect(stage.at(1).exchanges.every((x) => x.header("x-branch") === undefined)).toBe(true);
    },
  },
  {
    title: "upstream of weight zero gets nothing",
    run: async (stage) => {
      for (let i = 0; i < 20; i++) expect((await stage.request("/closed")).status).toBe(200);
      expect(stage.at(0).exchanges.length).toBe(0);
      expect(stage.at(1).exchanges.length).toBe(20);
    },
  },
];

conformance("header edits", { config, origins: 2, cases });
