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
    surroundings: withBackground(
      surroundingsOf(c),
      upkeepOf(gateway, platform, () => contextOf(c)),
    ),
  });

/** The part of a Worker's execution context that keeps it alive. */
interface BackgroundContext {
  waitUntil(work: Promise<unknown>): void;
}

/** Hono throws where there is none. */
const contextOf = (c: Context): BackgroundContext | undefined => {
  try {
    return c.executionCtx;
  } catch {
    return undefined;
  }
};

/**
 * Upkeep of a gateway that no server starts: where timers outlive requests, it begins with the first request; elsewhere each
 * request runs what is due, after its response.
 *
 * @returns what keeps other work alive after the response; undefined where nothing has to.
 */
const upkeepOf = (
  { upkeep }: Gateway,
  { capabilities }: Platform,
  contextOfRequest: () => BackgroundContext | undefined,
): Surroundings["background"] => {
  if (capabilities.has("background")) {
    upkeep.start();
    return undefined;
  }
  const context = contextOfRequest();
  if (context === undefined) return undefined;
  if (!upkeep.isEmpty) context.waitUntil(upkeep.runDue());
  return (work) => context.waitUntil(work);
};

const withBackground = (
  surroundings: Surroundings | undefined,
  background: Surroundings["background"],
): Surroundings | undefined => (background === undefined ? surroundings : { ...surroundings, background });

/** Answers a request for which there is no app. Never rejects. */
export const answerRequest = (
  request: Request,
  { env, context, gateway, platform }: RequestParts,
): Promise<Response> =>
  answerArrival(platform.arrive(request, env), {
    gateway,
    platform,
    surroundings: withBackground(
      undefined,
      upkeepOf(gateway, platform, () => context),
    ),
  });

interface RequestParts {
  readonly env: unknown;
  /** Undefined outside of Workers. */
  readonly context: BackgroundContext | undefined;
  readonly gateway: Gateway;
  readonly platform: Platform;
}

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
