/** What is known of an endpoint's health stays with it, whatever becomes of the others. */
import { expect } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import type { OriginScript } from "../support/raw-origin.ts";
import { type Case, conformance, type Stage } from "../support/suite.ts";
import { askUntil, nameOrigins, whoAnswerAll, whoAnswers } from "../support/who-answers.ts";

const configOf = (endpoints: readonly string[]): ConfigInput => ({
  upstreams: {
    app: {
      endpoints,
      balance: "round-robin",
      health: { path: "/check", interval: "100ms", fastInterval: "50ms", failures: 1, successes: 1 },
      breaker: false,
      ejection: false,
      retry: false,
      slowStart: "0s",
    },
  },
  routes: [{ upstream: "app" }],
});

/** Fails checks, and no other request: only its check keeps traffic from it. */
const failsChecks: OriginScript = (exchange) =>
  exchange.head.target === "/check" ? exchange.respond(503) : exchange.respond(200, {}, "1");

/** Puts a config with these of the origins into effect. */
const change = async (stage: Stage, origins: readonly number[], generation: number): Promise<void> => {
  stage.proxy.setConfig(configOf(origins.map((index) => stage.at(index).url)));
  stage.proxy.child.signal("SIGHUP");
  await stage.proxy.child.printed(new RegExp(`\\{"generation":${generation}\\}`));
};

const cases: Case[] = [
  {
    title: "unhealthy endpoint stays unhealthy when others come and go, and comes back by its checks alone",
    seenAt: ["apache/apisix#13282", "Kong/kong#7835"],
    run: async (stage) => {
      nameOrigins(stage, { 1: failsChecks });
      const ask = (): Promise<number> => whoAnswers(stage, "/");
      await askUntil(ask, 6, (answers) => answers.every((answer) => answer === 0));
      await change(stage, [0, 1, 2], 2);
      await askUntil(ask, 6, (answers) => {
        expect(answers).not.toContain(1);
        return new Set(answers).size === 2;
      });
      await change(stage, [0, 1], 3);
      expect(new Set(await whoAnswerAll(stage, "/", 12))).toEqual(new Set([0]));
      // Checks go on for those that are left, and stop for the one that went.
      const [stays, went] = [stage.at(1), stage.at(2)];
      const [staysAt, wentAt] = [stays.exchanges.length, went.exchanges.length];
      await stays.request(staysAt + 5);
      expect(went.exchanges.length).toBeLessThanOrEqual(wentAt + 1);
      nameOrigins(stage);
      await askUntil(ask, 6, (answers) => new Set(answers).size === 2);
    },
  },
];

conformance("health over changes of the config", {
  origins: 3,
  config: ([first, second = ""]) => configOf([first, second]),
  cases,
});
