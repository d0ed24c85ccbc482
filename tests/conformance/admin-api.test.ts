/** The admin API below a path, beside routes, on every runtime: its calls, and what must not get in. */
import { expect } from "vitest";
import {
  type Attack,
  type AttackTarget,
  fromOtherSites,
  leaksOf,
  oversized,
  pathTricks,
  withoutToken,
} from "../support/admin-attacks.ts";
import type { RawResponse } from "../support/raw-client.ts";
import { type Case, type Stage, conformance, requestText } from "../support/suite.ts";

const TOKEN = "token-of-the-operators";
const CANARY = "canary-7f2c";
const AT: AttackTarget = { prefix: "/ops", host: "site.test", token: TOKEN };

const call = (stage: Stage, method: string, path: string, body?: unknown): Promise<RawResponse> =>
  stage.raw(
    requestText(`/ops${path}`, {
      method,
      host: AT.host,
      fields: [
        `Authorization: Bearer ${TOKEN}`,
        ...(body === undefined ? [] : ["Content-Type: application/json"]),
      ],
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
    method,
  );

const jsonOf = async (stage: Stage, path: string): Promise<unknown> => {
  const response = await call(stage, "GET", path);
  expect(response.status).toBe(200);
  return JSON.parse(response.text);
};

/** Sends each of `attacks`, and finds that it gets nothing. */
const repelled = async (stage: Stage, attacks: readonly Attack[]): Promise<void> => {
  const found: string[] = [];
  for (const attack of attacks) found.push(...leaksOf(attack, await stage.raw(attack.text, attack.method)));
  expect(attacks.length).toBeGreaterThan(0);
  expect(found).toEqual([]);
};

const cases: Case[] = [
  {
    title: "state, upstreams, config and document are told to those with the token, without secrets",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, "ok"));
      expect((await stage.request("/a", { host: AT.host })).text).toBe("ok");
      expect(await jsonOf(stage, "/api/state")).toMatchObject({
        draining: false,
        traffic: { requests: 1, byStatus: { "2xx": 1 } },
        routes: [{ name: "everything", action: "forward", traffic: { requests: 1 } }],
        upstreams: [{ name: "main", traffic: { requests: 1 } }],
      });
      for (const path of ["/api/state", "/api/failures", "/config", "/openapi.json", "/metrics"]) {
        const { status, text } = await call(stage, "GET", path);
        expect([path, status]).toEqual([path, 200]);
        expect(text).not.toContain("canary");
        expect(text).not.toContain(TOKEN);
      }
    },
  },
  {
    title: "a drained endpoint gets no more requests, until it is enabled",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, "ok"));
      const { upstreams } = (await jsonOf(stage, "/api/state")) as {
        upstreams: { endpoints: { address: string }[] }[];
      };
      const endpoint = upstreams[0]?.endpoints[0]?.address;
      const name = { upstream: "main", endpoint };
      expect((await call(stage, "POST", "/api/endpoints/drain", name)).status).toBe(200);
      expect((await stage.request("/", { host: AT.host })).status).toBe(503);
      expect(await jsonOf(stage, "/api/upstreams/main")).toMatchObject({
        endpoints: [{ drained: true, exclusion: "drained", weight: { configured: 1, effective: 0 } }],
      });
      expect((await call(stage, "POST", "/api/endpoints/enable", name)).status).toBe(200);
      expect((await stage.request("/", { host: AT.host })).status).toBe(200);
    },
  },
  {
    title: "explains a request, checks a config, and says that this one stays",
    run: async (stage) => {
      const explained = await call(stage, "POST", "/explain", { url: "http://site.test/x" });
      expect(JSON.parse(explained.text)).toMatchObject({
        route: { name: "everything" },
        upstream: { name: "main" },
      });
      expect(explained.text).not.toContain("canary");
      expect((await call(stage, "POST", "/config/check", { upstreams: { a: "http://a" } })).status).toBe(200);
      expect((await call(stage, "POST", "/config/check", { upstreams: { a: "nonsense" } })).status).toBe(422);
    },
  },
  {
    title: "nothing gets in or leaks without the token, or with a wrong one",
    run: (stage) => repelled(stage, withoutToken(AT)),
  },
  {
    title: "nothing gets in by another spelling of a path, and no route sees it",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(404, {}, "the origin"));
      await repelled(stage, pathTricks(AT));
      const targets = stage.origin.exchanges.map(({ head }) => head.target);
      expect(targets.filter((target) => target.startsWith("/ops"))).toEqual([]);
    },
  },
  {
    title: "nothing gets in from pages of other sites, though the token be right",
    run: (stage) => repelled(stage, fromOtherSites(AT)),
  },
  {
    title: "content that is too large or nested too deeply is refused",
    run: (stage) => repelled(stage, oversized(AT)),
  },
  {
    title: "it goes on as before after all that",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, "ok"));
      expect((await stage.request("/", { host: AT.host })).status).toBe(200);
      expect(await jsonOf(stage, "/api/state")).toMatchObject({ config: { generation: 1 } });
    },
  },
];

conformance("admin API", {
  config: ([origin]) => ({
    upstreams: { main: origin },
    routes: [
      {
        name: "everything",
        upstream: "main",
        requestHeaders: { set: { authorization: `Bearer ${CANARY}`, "x-api-key": CANARY } },
      },
    ],
    admin: { path: "/ops", token: TOKEN },
  }),
  cases,
});
