/** From Hono's context through a gateway and back to a `Response`. */
import type { Context } from "hono";
import { originalOf, surroundingsOf } from "../middleware/context.ts";
import type { Arrival } from "../src/core/arrival.ts";
import { ProxyError } from "../src/core/errors.ts";
import type { Platform } from "../src/core/platform.ts";
import type { Gateway, Surroundings } from "../src/gateway.ts";

/** Answers the request in `c.req.raw` as middleware around has left it. Never rejects. */
export const answer = async (c: Context, gateway: Gateway, platform: Platform): Promise<Response> => {
  const arrival = platform.arrive(c.req.raw, c.env, originalOf(c));
  const { reply, ended } = await gateway.answer(arrival, withRefusal(surroundingsOf(c), arrival));
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
