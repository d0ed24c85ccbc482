/** Endpoints that come first: those of the proxy's zone, of the zone with the lowest latency, of the client's region. */
import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { CAPABILITIES } from "../../src/core/capability.ts";
import { RawClient } from "../support/raw-client.ts";
import { RUNTIMES, startProxy } from "../support/runtimes.ts";
import { type Case, conformance, requestText, type Stage } from "../support/suite.ts";
import { askUntil, nameOrigins, unavailable, whoAnswerAll, whoAnswers } from "../support/who-answers.ts";

const SLOW_MS = 120;

/** What answers a client at 127.0.0.2, which is no trusted proxy. */
const strangersAnswer = async (stage: Stage, target: string, field: string): Promise<number> => {
  const client = await RawClient.connect(stage.proxy.port, "127.0.0.2");
  try {
    const edge = stage.runtime === "workerd" ? ["CF-Connecting-IP: 127.0.0.2"] : [];
    await client.send(requestText(target, { fields: [...edge, field] }));
    return Number((await client.response()).text);
  } finally {
    client.close();
  }
};

const cases: Case[] = [
  {
    title: "endpoints of the proxy's own zone get all traffic, and others answer where these fail",
    run: async (stage) => {
      nameOrigins(stage);
      expect(new Set(await whoAnswerAll(stage, "/zone", 10))).toEqual(new Set([1]));
      nameOrigins(stage, { 1: unavailable });
      expect(new Set(await whoAnswerAll(stage, "/zone", 10))).toEqual(new Set([0]));
    },
  },
  {
    title: "zone whose answers take longer loses its traffic to a faster one",
    run: async (stage) => {
      nameOrigins(stage, {
        0: async (exchange) => {
          await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
          await exchange.respond(200, {}, "0");
        },
      });
      const ask = (): Promise<number> => whoAnswers(stage, "/latency");
      expect(await ask()).toBe(0);
      await askUntil(ask, 10, (answers) => answers.every((answer) => answer === 1));
    },
  },
  {
    title: "region that a trusted proxy tells in a header comes first",
    run: async (stage) => {
      nameOrigins(stage);
      const from = (areas: string): Promise<readonly number[]> =>
        whoAnswerAll(stage, "/region", 4, { fields: [`X-Country: ${areas}`] });
      expect(await from("DE")).toEqual([0, 0, 0, 0]);
      expect(await from("FR")).toEqual([1, 1, 1, 1]);
      expect(await from("IT, FR")).toEqual([1, 1, 1, 1]);
    },
  },
  {
    title: "region that any client tells counts for nothing",
    run: async (stage) => {
      nameOrigins(stage);
      for (let i = 0; i < 4; i++) expect(await strangersAnswer(stage, "/region", "X-Country: FR")).toBe(0);
    },
  },
];

conformance("preferred endpoints", {
  origins: 2,
  config: ([first, second = ""]) => {
    const inZones = [
      { url: first, zone: "b" },
      { url: second, zone: "a" },
    ];
    return {
      listen: { trustedProxies: ["127.0.0.1"] },
      upstreams: {
        zone: { endpoints: inZones, balance: { prefer: "zone", zone: "a" } },
        latency: { endpoints: inZones, balance: { prefer: "latency" } },
        region: {
          endpoints: [
            { url: first, region: "DE" },
            { url: second, region: "FR" },
          ],
          balance: { prefer: "region", regionFrom: "header:X-Country" },
        },
      },
      routes: ["zone", "latency", "region"].map((name) => ({ match: { path: `/${name}` }, upstream: name })),
    };
  },
  cases,
});

describe("region that the runtime itself must tell", () => {
  const config: ConfigInput = {
    upstreams: {
      app: { endpoints: "http://127.0.0.1:1", balance: { prefer: "region", regionFrom: "edge" } },
    },
    routes: [{ upstream: "app" }],
  };
  for (const runtime of RUNTIMES.filter((name) => name !== "workerd")) {
    test(`is refused at start on ${runtime}`, async () => {
      await expect(startProxy(runtime, config)).rejects.toThrow(CAPABILITIES["client-region"]);
    });
  }
});
