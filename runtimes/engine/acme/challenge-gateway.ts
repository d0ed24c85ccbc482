/** Answers to challenges by plain HTTP (RFC 8555 §8.3), in front of a gateway. */
import { parseConfig } from "../../../src/config/parse.ts";
import { textReply } from "../../../src/core/local-reply.ts";
import type { Platform } from "../../../src/core/platform.ts";
import { type Gateway, buildGateway } from "../../../src/gateway.ts";

const PREFIX = "/.well-known/acme-challenge/";

/** Answers by token; undefined for one that is not known. */
export type FindAnswer = (token: string) => Promise<string | undefined>;

/** No route, redirect or check of hosts sees a request for a challenge that is under way; all others go to `gateway`. */
export const challengeGateway = (gateway: Gateway, platform: Platform, find: FindAnswer): Gateway => {
  const answers = answeringGateway(platform, find);
  return {
    ...gateway,
    answer: async (arrival, surroundings) => {
      const isChallenge =
        arrival.target.startsWith(PREFIX) && (await find(arrival.target.slice(PREFIX.length))) !== undefined;
      return (isChallenge ? answers : gateway).answer(arrival, surroundings);
    },
  };
};

/** Its requests are neither counted nor logged. */
const answeringGateway = (platform: Platform, find: FindAnswer): Gateway => {
  const config = parseConfig({
    middleware: [() => {}],
    routes: [{ match: { path: `${PREFIX}:token` }, respond: { status: 404 } }],
  });
  const fields = ["content-type", "application/octet-stream", "cache-control", "no-store"];
  return buildGateway(
    config,
    { ...platform, telemetry: {}, logs: undefined },
    {
      middlewareLayer: () => (next) => async (exchange) => {
        const found = await find(exchange.path.slice(PREFIX.length));
        return found === undefined ? next(exchange) : textReply(200, fields, found);
      },
    },
  );
};
