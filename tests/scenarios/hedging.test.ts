/** A slow request is sent to a second endpoint; the first answer wins. */
import { expect } from "vitest";
import type { OriginExchange } from "../support/raw-origin.ts";
import { type Case, conformance, requestText, type Stage } from "../support/suite.ts";

/** Longer than the delay before a copy. */
const SLOW_MS = 200;

/** Whichever origin is asked first holds its request; the other answers. Returns the request that is held. */
const firstHolds = (stage: Stage): Promise<OriginExchange> => {
  const held = Promise.withResolvers<OriginExchange>();
  let asked = 0;
  stage.origins.forEach((origin) =>
    origin.script(async (exchange) => {
      asked += 1;
      if (asked > 1) {
        await exchange.respond(200, {}, "winner");
        return;
      }
      held.resolve(exchange);
      await exchange.wire.ended(Infinity);
    }),
  );
  return held.promise;
};

const askedTimes = (stage: Stage): number =>
  stage.origins.reduce((sum, origin) => sum + origin.exchanges.length, 0);

const cases: Case[] = [
  {
    title: "copy that answers first is the one answer, and the slower request is cancelled",
    run: async (stage) => {
      const held = firstHolds(stage);
      const client = await stage.client();
      await client.send(requestText("/"));
      const response = await client.response();
      expect([response.status, response.text]).toEqual([200, "winner"]);
      await (await held).wire.ended();
      expect(stage.origins.map(({ exchanges }) => exchanges.length)).toEqual([1, 1]);
      // Nothing of the other answer is left on the connection.
      for (const origin of stage.origins) origin.script((exchange) => exchange.respond(200, {}, "next"));
      await client.send(requestText("/"));
      expect((await client.response()).text).toBe("next");
    },
  },
  {
    title: "POST is not copied, however slow",
    run: async (stage) => {
      for (const origin of stage.origins)
        origin.script(async (exchange) => {
          await exchange.body();
          await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
          await exchange.respond(200, {}, "only");
        });
      expect((await stage.request("/", { method: "POST", body: "order" })).text).toBe("only");
      expect(askedTimes(stage)).toBe(1);
    },
  },
];

conformance("hedging", {
  origins: 2,
  config: (urls) => ({
    upstreams: {
      app: {
        endpoints: urls,
        hedge: { minDelay: "50ms", maxDelay: "50ms", share: 1 },
        retry: false,
        breaker: false,
      },
    },
    routes: [{ upstream: "app" }],
  }),
  cases,
});
