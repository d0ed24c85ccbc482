/** From Hono's context through a gateway and back to a `Response`. */
import type { Context } from "hono";
import { surroundingsOf } from "../middleware/context.ts";
import type { Arrival } from "../src/core/arrival.ts";
import { ProxyError } from "../src/core/errors.ts";
import type { Platform } from "../src/core/platform.ts";
import type { Gateway, Surroundings } from "../src/gateway.ts";

/** Answers the request in `c.req.raw` as middleware around has left it. Never rejects. */
export const answer = async (c: Context, gateway: Gateway, platform: Platform): Promise<Response> => {
  const arrival = platform.arrive(c.req.raw, c.env);
  const { reply, ended } = await gateway.answer(arrival, limitsOf(c, arrival));
  return platform.respond(reply, { method: arrival.method, ended });
};

const limitsOf = (c: Context, { notes, request }: Arrival): Surroundings | undefined => {
  const surroundings = surroundingsOf(c);
  const declaresContent = notes.chunked || (notes.contentLength ?? 0) > 0;
  if (!declaresContent || request?.bodyUsed !== true) return surroundings;
  const detail = "the app read the request body before it reached the proxy";
  return { ...surroundings, refusal: new ProxyError("internal", { detail }) };
};
