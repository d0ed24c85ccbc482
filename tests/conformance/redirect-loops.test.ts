/** No redirect leads to the URL that was asked for, as the client asked for it: a terminator's scheme counts. */
import { expect } from "vitest";
import type { RawResponse } from "../support/raw-client.ts";
import { type Case, conformance, type RequestParts, type Stage } from "../support/suite.ts";

const SEEN_AT = ["traefik/traefik#9112"];

const from = (scheme: string, host?: string): readonly string[] => [
  "X-Forwarded-For: 203.0.113.9",
  `X-Forwarded-Proto: ${scheme}`,
  ...(host === undefined ? [] : [`X-Forwarded-Host: ${host}`]),
];

/** Follows redirects as a client behind the terminator would, three at most. */
const follow = async (stage: Stage, url: string): Promise<RawResponse> => {
  let at = new URL(url);
  for (let hops = 0; ; hops++) {
    const response = await stage.request(at.pathname + at.search, {
      host: at.host,
      fields: from(at.protocol.slice(0, -1)),
    });
    const location = response.fields.get("location");
    if (location === undefined) return response;
    if (hops === 3) throw new Error(`still redirected, to ${location}`);
    at = new URL(location, at);
  }
};

const arrives = (what: string, url: string): Case => ({
  title: `${what} arrives at the origin`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    expect((await follow(stage, url)).text).toBe("origin");
  },
});

const neverToItself = (what: string, target: string, url: string, parts: RequestParts): Case => ({
  title: `${what} is never redirected to itself`,
  seenAt: SEEN_AT,
  run: async (stage) => {
    const { fields } = await stage.request(target, parts);
    expect(new URL(fields.get("location") ?? "http://none.test/", url).href).not.toBe(url);
  },
});

const cases: Case[] = [
  {
    title: "request over http is redirected to https",
    seenAt: SEEN_AT,
    run: async (stage) => {
      const { status, fields } = await stage.request("/a?b=1", { host: "secure.test", fields: from("http") });
      expect([status, fields.get("location")]).toEqual([301, "https://secure.test/a?b=1"]);
    },
  },
  {
    title: "scheme that an untrusted client claims does not count",
    seenAt: SEEN_AT,
    run: async (stage) => {
      const fields = ["X-Forwarded-For: 6.6.6.6, 203.0.113.9", "X-Forwarded-Proto: https, http"];
      expect((await stage.request("/a", { host: "secure.test", fields })).status).toBe(301);
    },
  },
  arrives("request that is redirected to https", "http://secure.test/a?b=1"),
  arrives("request over https with the scheme's own port", "https://secure.test:443/a"),
  arrives("request that is redirected to another host", "http://www.site.test/a"),
  arrives("request for the host that others are redirected to", "http://site.test/a"),
  neverToItself("request over https behind a terminator", "/a?b=1", "https://secure.test/a?b=1", {
    host: "secure.test",
    fields: from("https"),
  }),
  neverToItself("request over https whose host a terminator tells", "/a", "https://secure.test/a", {
    host: "secure.test",
    fields: from("https", "secure.test"),
  }),
  neverToItself("request for a fixed path", "/home", "http://path.test/home", { host: "path.test" }),
  {
    title: "answer to a form may send its client to the same URL by 303",
    run: async (stage) => {
      const { status, fields } = await stage.request("/form", {
        host: "form.test",
        method: "POST",
        body: "a=1",
      });
      expect(status).toBe(303);
      expect(new URL(fields.get("location") ?? "", "http://form.test/").href).toBe("http://form.test/form");
    },
  },
];

conformance("redirect loops", {
  config: ([origin]) => ({
    listen: { trustedProxies: "127.0.0.1" },
    upstreams: { main: origin },
    routes: [
      { match: { host: "secure.test" }, redirect: { status: 301, scheme: "https" } },
      { match: { host: ["www.site.test", "site.test"] }, redirect: { host: "site.test" } },
      { match: { host: "path.test" }, redirect: { path: "/home" } },
      { match: { host: "form.test", method: "POST" }, redirect: { status: 303, path: "/form" } },
      { upstream: "main" },
    ],
  }),
  cases,
});
