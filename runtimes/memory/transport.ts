/** A transport whose upstreams are functions. */
import { ProxyError } from "../../src/core/errors.ts";
import type { Clock, Transport } from "../../src/core/platform.ts";
import { fieldsRecord } from "../fetch/fields-record.ts";
import { fetchTransport } from "../fetch/transport.ts";
import { type ScriptedUpstream, scriptedFetch } from "./scripted-fetch.ts";
import { upstreamName, upstreamsByName } from "./upstream-names.ts";

export interface MemoryTransportOptions {
  /**
   * Upstream servers by scheme, host and port (`"http://10.0.0.1:3000"`) or by socket (`"unix:/run/app.sock"`). One that
   * is missing refuses connections.
   */
  readonly upstreams: Readonly<Record<string, ScriptedUpstream>>;
  readonly clock: Clock;
}

/** Beyond `RequestInit`. */
interface NamedInit extends RequestInit {
  readonly upstream: string;
}

/**
 * The fetch transport over scripted upstreams, and so the same promises: time limits, cancellation until the last byte
 * of the body, limits on content, response edits.
 *
 * @throws TypeError when a key of `upstreams` names no server.
 */
export const memoryTransport = ({ upstreams, clock }: MemoryTransportOptions): Transport => {
  const known = upstreamsByName(upstreams);
  const upstreamOf = (name: string): ScriptedUpstream => {
    const upstream = known.get(name);
    if (upstream !== undefined) return upstream;
    const names = [...known.keys()].join(", ");
    throw new ProxyError("connect-failed", {
      detail: `nobody listens at ${name}; scripted: ${names === "" ? "none" : names}`,
    });
  };
  return fetchTransport({
    clock,
    async fetch(url, init) {
      const { upstream: name } = init as NamedInit;
      return scriptedFetch(upstreamOf(name), { name, url, init });
    },
    endpointInit: (endpoint) => ({ upstream: upstreamName(endpoint) }) satisfies Pick<NamedInit, "upstream">,
    sendsHost: true,
    declaresLength: true,
    fieldsInit: fieldsRecord,
    contentOf: (content) => content ?? null,
    endsWithClient: false,
    watchesAll: true,
    respond(upstream, body, edit) {
      const shown = body === "as it comes" ? upstream.body : body;
      const response = new Response(shown, { status: upstream.status, headers: upstream.headers });
      edit(response.headers);
      return response;
    },
    repeatsUnanswered: false,
  });
};
