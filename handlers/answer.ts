/** From Hono's context through a gateway and back to a `Response`. */
import type { Context } from "hono";
import { originalOf, surroundingsOf } from "../middleware/context.ts";
import type { Arrival } from "../src/core/arrival.ts";
import { ProxyError } from "../src/core/errors.ts";
import type { Platform } from "../src/core/platform.ts";
import type { Gateway, Surroundings } from "../src/gateway.ts";

/** Answers the request in `c.req.raw` as middleware around has left it. Never rejects. */
export const answer = (c: Context, gateway: Gateway, platform: Platform): Promise<Response> =>
  answerArrival(platform.arrive(c.req.raw, c.env, originalOf(c)), {
    gateway,
    platform,
    surroundings: surroundingsOf(c),
  });

/** Answers a request for which there is no app. Never rejects. */
export const answerRequest = (
  request: Request,
  env: unknown,
  gateway: Gateway,
  platform: Platform,
): Promise<Response> =>
  answerArrival(platform.arrive(request, env), { gateway, platform, surroundings: undefined });

interface Answering {
  readonly gateway: Gateway;
  readonly platform: Platform;
  readonly surroundings: Surroundings | undefined;
}

const answerArrival = async (
  arrival: Arrival,
  { gateway, platform, surroundings }: Answering,
): Promise<Response> => {
  const { reply, ended } = await gateway.answer(arrival, withRefusal(surroundings, arrival));
  return platform.respond(reply, { method: arrival.method, ended });
};

const withRefusal = (surroundings: Surroundings | undefined, arrival: Arrival): Surroundings | undefined => {
  const { notes } = arrival;
  if (!notes.chunked && (notes.contentLength ?? 0) === 0) return surroundings;
  const refusal = contentOutOfReach(arrival);
  return refusal === undefined ? surroundings : { ...surroundings, refusal };
};

/** Content that was announced and can't be had is not left out silently. */
const contentOutOfReach = ({ method, request }: Arrival): ProxyError | undefined => {
  if (method === "GET" || method === "HEAD") {
    const detail = `content with ${method}, which a Request can't have`;
    return new ProxyError("not-implemented", { detail });
  }
  return request?.bodyUsed === true
    ? new ProxyError("internal", { detail: "the app read the request body before it reached the proxy" })
    : undefined;
};
