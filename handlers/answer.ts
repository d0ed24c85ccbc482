/** From Hono's context into a gateway and back: the one place where a failure becomes an answer. */
import type { Context } from "hono";
import { problemResponse } from "../middleware/error-boundary.ts";
import {
  confirmResponseEdits,
  ensureArrival,
  requestIdOf,
  screenedOf,
  wantedResponseEdits,
} from "../middleware/context.ts";
import type { Arrival } from "../src/core/arrival.ts";
import { ProxyError, asProxyError } from "../src/core/errors.ts";
import type { Platform } from "../src/core/platform.ts";
import type { Gateway } from "../src/gateway.ts";
import { firstValue } from "../src/http/headers.ts";
import { type ScreenPolicy, type Screened, screen } from "../src/http/screen.ts";

/** Runs the request of `c` through `gateway`. Never rejects. */
export const answer = async (
  c: Context,
  gateway: Gateway,
  platform: Platform,
  policy: ScreenPolicy,
): Promise<Response> => {
  const arrival = ensureArrival(c, () => platform.arrive(c.req.raw, c.env));
  const id = requestIdOf(c) ?? platform.random.id();
  try {
    const admitted = screenedOf(c) ?? screened(arrival, policy);
    if (admitted.path === "*") return serverOptions();
    const { edits, fields } = wantedResponseEdits(c);
    const response = await gateway.handle({
      id,
      arrival,
      screened: admitted,
      responseEdits: edits,
      responseFields: fields,
    });
    confirmResponseEdits(c);
    return response;
  } catch (thrown) {
    return failureResponse(asProxyError(thrown), { arrival, id, platform });
  }
};

const screened = (arrival: Arrival, policy: ScreenPolicy): Screened => {
  const result = screen(arrival.head, policy);
  if ("code" in result) throw new ProxyError(result.code, { detail: result.detail });
  return result;
};

/** `OPTIONS *` asks about the server as a whole (RFC 9110 §9.3.7), and to the client the server is this proxy. */
const serverOptions = (): Response =>
  new Response(null, { status: 204, headers: { allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" } });

/** Tells telemetry and makes the client's answer. */
export const failureResponse = (
  error: ProxyError,
  { arrival, id, platform }: { arrival: Arrival; id: string; platform: Platform },
): Response => {
  const { method, target, pairs } = arrival.head;
  platform.telemetry.failed({ error, requestId: id, method, target });
  return problemResponse(error, { requestId: id, accept: firstValue(pairs, "accept") });
};
