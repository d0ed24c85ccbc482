/** From Hono's context into a gateway and back: the one place where a failure becomes an answer. */
import type { Context } from "hono";
import { receive } from "../middleware/arrivals.ts";
import { type Shared, findShared, knownIdOf } from "../middleware/context.ts";
import type { Curbs } from "../middleware/curbed-request.ts";
import { applyEdits, editsInTurn } from "../middleware/edit-response.ts";
import { problemResponse } from "../middleware/error-boundary.ts";
import type { Arrival } from "../src/core/arrival.ts";
import { ProxyError, asProxyError } from "../src/core/errors.ts";
import type { Platform } from "../src/core/platform.ts";
import type { Gateway } from "../src/gateway.ts";
import { firstValue } from "../src/http/headers.ts";
import type { FrontDesk, Reception } from "./front-desk.ts";

/** What a handler answers with. */
export interface Answering {
  readonly gateway: Gateway;
  readonly platform: Platform;
  readonly desk: FrontDesk;
}

/** Runs the request of `c` past the front desk and through the gateway. Never rejects. */
export const answer = (c: Context, answering: Answering): Promise<Response> => {
  const outer = findShared(c);
  if (outer !== undefined) return answerWithin(outer, c, answering);
  const arrival = answering.platform.arrive(c.req.raw, c.env);
  return respond(arrival, answering.desk(arrival, knownIdOf(c)), answering);
};

/** Does what middleware around the handler wants, so that it has nothing left to do. */
const answerWithin = async (outer: Shared, c: Context, answering: Answering): Promise<Response> => {
  const { platform, desk } = answering;
  const { arrival, curbs } = receive(outer, c.req.raw, (request) => platform.arrive(request, c.env));
  const reception = desk(arrival, knownIdOf(c));
  const edits = editsInTurn(outer.wanted, reception);
  const response = await respond(arrival, { ...curbed(reception, curbs), ...edits }, answering);
  outer.edited = response;
  return response;
};

/** The handler's own look at the request decides; what middleware held back stays held back. */
const curbed = (reception: Reception, curbs: Curbs | undefined): Reception => {
  const { screened } = reception;
  if (curbs === undefined || screened instanceof ProxyError) return reception;
  const drop = [...screened.drop, ...curbs.drop];
  return { ...reception, screened: { ...screened, drop }, maxBodyBytes: curbs.maxBodyBytes };
};

const respond = async (
  arrival: Arrival,
  reception: Reception,
  { gateway, platform }: Answering,
): Promise<Response> => {
  const { screened } = reception;
  try {
    if (screened instanceof ProxyError) return failureResponse(screened, { arrival, platform, reception });
    if (screened.path === "*") return edited(serverOptions(), reception);
    return await gateway.handle({
      id: reception.id,
      idHeaders: reception.idHeaders,
      arrival,
      screened,
      maxBodyBytes: reception.maxBodyBytes,
      responseEdits: reception.edits,
      responseFields: reception.fields,
    });
  } catch (thrown) {
    return failureResponse(asProxyError(thrown), { arrival, platform, reception });
  }
};

/** `OPTIONS *` asks about the server as a whole (RFC 9110 §9.3.7), and to the client the server is this proxy. */
const serverOptions = (): Response =>
  new Response(null, { status: 204, headers: { allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" } });

const edited = (response: Response, reception: Reception): Response => {
  applyEdits(response.headers, reception);
  return response;
};

/** Tells telemetry and makes the client's answer. */
const failureResponse = (
  error: ProxyError,
  { arrival, platform, reception }: { arrival: Arrival; platform: Platform; reception: Reception },
): Response => {
  const { method, target, pairs } = arrival.head;
  const requestId = reception.id;
  platform.telemetry.failed({ error, requestId, method, target });
  return edited(problemResponse(error, { requestId, accept: firstValue(pairs, "accept") }), reception);
};
