/** Upstream requests by a Worker's `fetch`. */
import type { Clock, Transport } from "../../src/core/platform.ts";
import type { EditHeaders, ShownBody } from "../fetch/hooks.ts";
import { fieldsRecord } from "../fetch/fields-record.ts";
import { fetchTransport } from "../fetch/transport.ts";
import { pairsToSend } from "./wire-fields.ts";

/**
 * Bodies stay encoded: workerd decodes only when somebody reads, and a body that goes out with the `Content-Encoding`
 * it came with is copied as it is.
 */
const respond = (upstream: Response, body: ShownBody, edit: EditHeaders): Response => {
  const response = new Response(body === "as it comes" ? upstream.body : body, upstream);
  edit(response.headers);
  return response;
};

/** Workers' own class: an identity transform that tells the length of what comes out. */
declare const FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;

export const workersTransport = (clock: Clock): Transport =>
  fetchTransport({
    clock,
    fetch: (url, init) => fetch(url, init),
    endpointInit: () => ({}),
    sendsHost: false,
    declaresLength: false,
    fieldsInit: (pairs) => fieldsRecord(pairsToSend(pairs)),
    contentOf: (content) => content ?? null,
    sized: (body, length) => body.pipeThrough(new FixedLengthStream(length)),
    endsWithClient: true,
    respond,
    repeatsUnanswered: true,
  });
