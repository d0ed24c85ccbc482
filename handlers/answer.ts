/** From Hono's context into a gateway and back: the one place where a failure becomes an answer. */
import type { Context } from "hono";
import { type Outer, confirmResponseEdits, ensureArrival, outerOf } from "../middleware/context.ts";
import { problemResponse } from "../middleware/error-boundary.ts";
import type { Arrival } from "../src/core/arrival.ts";
import { ProxyError, asProxyError } from "../src/core/errors.ts";
import type { Platform } from "../src/core/platform.ts";
import type { Gateway } from "../src/gateway.ts";
import { editHeaders } from "../src/http/header-edits.ts";
import { firstValue } from "../src/http/headers.ts";
import type { FrontDesk, Reception } from "./front-desk.ts";

/** What a handler answers with. */
export interface Answering {
  readonly gateway: Gateway;
  readonly platform: Platform;
  readonly desk: FrontDesk;
}

/** Runs the request of `c` past the front desk and through the gateway. Never rejects. */
export const answer = async (c: Context, { gateway, platform, desk }: Answering): Promise<Response> => {
  const outer = outerOf(c);
  const arrival =
    outer === undefined
      ? platform.arrive(c.req.raw, c.env)
      : ensureArrival(c, () => platform.arrive(c.req.raw, c.env));
  const reception = withOuter(desk(arrival, outer?.requestId), outer);
  const { id, screened } = reception;
  try {
    if (screened instanceof ProxyError) return failureResponse(screened, { arrival, platform, reception });
    if (screened.path === "*") return edited(serverOptions(), reception);
    return await gateway.handle({
      id,
      arrival,
      screened,
      responseEdits: reception.edits,
      responseFields: reception.fields,
    });
  } catch (thrown) {
    return failureResponse(asProxyError(thrown), { arrival, platform, reception });
  } finally {
    // Every response above has the edits that middleware around this handler asked for.
    if (outer !== undefined) confirmResponseEdits(c);
  }
};

const withOuter = (reception: Reception, outer: Outer | undefined): Reception =>
  outer === undefined
    ? reception
    : {
        ...reception,
        edits: [...outer.edits, ...reception.edits],
        fields: [...outer.fields, ...reception.fields],
        screened: outer.screened ?? reception.screened,
      };

/** `OPTIONS *` asks about the server as a whole (RFC 9110 §9.3.7), and to the client the server is this proxy. */
const serverOptions = (): Response =>
  new Response(null, { status: 204, headers: { allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" } });

const edited = (response: Response, { edits, fields }: Reception): Response => {
  const { headers } = response;
  for (const each of edits) editHeaders(headers, each);
  for (let i = 0; i < fields.length; i += 2) headers.append(fields[i] ?? "", fields[i + 1] ?? "");
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
