/** `%2F` in a path is refused unless the config keeps it; kept, it is a character like others and never a separator. */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream } from "../support/suite.ts";

const SEEN_AT = ["traefik/traefik#12395", "traefik/traefik#12555"];

conformance("encoded slashes refused", {
  config: oneUpstream(),
  cases: [
    {
      title: "encoded slash is rejected with 400 by default",
      seenAt: SEEN_AT,
      run: async (stage) => {
        const { status, text } = await stage.request("/@scope%2Fname");
        expect([status, stage.origin.seen]).toEqual([400, []]);
        expect(JSON.parse(text)).toMatchObject({ code: "bad-request" });
      },
    },
  ],
});

const keeps = (target: string, expected: RegExp | string = target): Case => ({
  title: `${target} is forwarded as it came`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    expect((await stage.request(target)).status).toBe(200);
    expect((await stage.origin.request()).head.target).toEqual(expected);
  },
});

const refuses = (target: string): Case => ({
  title: `${target} is rejected with 400 all the same`,
  run: async (stage) => {
    expect((await stage.request(target)).status).toBe(400);
    expect(stage.origin.seen).toEqual([]);
  },
});

const kept: Case[] = [
  keeps("/a%2Fb"),
  keeps("/@scope%2Fname?x=%2F"),
  keeps("/%2F"),
  keeps("/a%2F%2Fb/c"),
  keeps("/a%2Fb%c3%a9", "/a%2Fb%C3%A9"),
  {
    title: "lower-case escape of a slash stays one",
    seenAt: SEEN_AT,
    run: async (stage) => {
      expect((await stage.request("/a%2fb")).status).toBe(200);
      expect((await stage.origin.request()).head.target).toMatch(/^\/a%2fb$/i);
    },
  },
  {
    title: "parameter takes an encoded slash and hands it on encoded",
    seenAt: SEEN_AT,
    run: async (stage) => {
      expect((await stage.request("/packages/@scope%2Fname")).status).toBe(200);
      const { head } = await stage.origin.request();
      expect([head.target, head.fields.get("x-name")]).toEqual([
        "/npm/@scope%2Fname/latest",
        "@scope%2Fname",
      ]);
    },
  },
  {
    title: "encoded slash ends no prefix",
    seenAt: SEEN_AT,
    run: async (stage) => {
      expect((await stage.request("/admin/x")).status).toBe(403);
      expect((await stage.request("/admin%2Fx")).status).toBe(200);
      expect(stage.origin.seen).toEqual(["GET /admin%2Fx"]);
    },
  },
  {
    title: "stripped prefix leaves encoded slashes alone",
    seenAt: SEEN_AT,
    run: async (stage) => {
      expect((await stage.request("/strip/a%2Fb/c")).status).toBe(200);
      expect((await stage.origin.request()).head.target).toBe("/a%2Fb/c");
    },
  },
  // Dots between slashes of any spelling would be resolved by whoever decodes them.
  refuses("/public%2F..%2Fadmin"),
  refuses("/a%5Cb"),
  refuses("/a%00b"),
  refuses("/a%252Fb"),
  refuses("//a%2Fb"),
];

conformance("encoded slashes kept", {
  config: oneUpstream({
    validation: { encodedSlash: "keep" },
    routes: [
      { match: { path: "/admin/*" }, respond: { status: 403 } },
      {
        match: { path: "/packages/:name" },
        upstream: "main",
        rewrite: { path: "/npm/${param.name}/latest" },
        requestHeaders: { set: { "X-Name": "${param.name}" } },
      },
      { match: { path: "/strip/*" }, upstream: "main", rewrite: { stripPrefix: true } },
      { upstream: "main" },
    ],
  }),
  cases: kept,
});
