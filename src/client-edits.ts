/** Edits of responses for the client, applied last and once, outside of everything that a route's layers do. */
import type { Config } from "./config/types.ts";
import type { EditSource, Exchange } from "./core/exchange.ts";
import { type HttpReply, withFields } from "./core/reply.ts";
import { type HeaderEdits, NO_EDITS, editPairs, mergeEdits } from "./http/header-edits.ts";
import { securityHeaderEdits } from "./http/security-headers.ts";

/** What every response of a gateway gets. */
export interface ClientEdits {
  /** For a reply to a routed exchange, with the route's edits. */
  routed(reply: HttpReply, route: EditSource, exchange: Exchange, options: ReplyOptions): HttpReply;
  /** For any other reply of the proxy's own. */
  own(reply: HttpReply, options: ReplyOptions): HttpReply;
}

export interface ReplyOptions {
  readonly id: string;
  /** Whether the client used https. */
  readonly secure: boolean;
  /** Whether the gateway's security headers are left out. */
  readonly bare: boolean;
}

const MERGED_AT_MOST = 10_000;

/** @param idHeader name of the field that carries the id to the client; undefined where none does. */
export const clientEdits = (config: Config, idHeader: string | undefined): ClientEdits => {
  const ids: HeaderEdits =
    idHeader === undefined ? NO_EDITS : { drop: new Set([idHeader]), fallback: [], add: [] };
  const security = config.securityHeaders === false ? undefined : securityHeaderEdits(config.securityHeaders);
  const plain = security === undefined ? ids : mergeEdits(ids, security.http);
  const secure = security === undefined ? ids : mergeEdits(ids, security.https);
  const baseOf = (options: ReplyOptions): HeaderEdits =>
    options.bare ? ids : options.secure ? secure : plain;

  // A route's constant edits are merged with each base once.
  const merged = new Map<HeaderEdits, Map<HeaderEdits, HeaderEdits>>();
  const withConstant = (base: HeaderEdits, constant: HeaderEdits): HeaderEdits => {
    let known = merged.get(base);
    if (known === undefined) merged.set(base, (known = new Map()));
    let edits = known.get(constant);
    if (edits === undefined) {
      edits = mergeEdits(base, constant);
      if (known.size < MERGED_AT_MOST) known.set(constant, edits);
    }
    return edits;
  };

  const apply = (reply: HttpReply, edits: HeaderEdits, id: string, showsId: boolean): HttpReply => {
    const fields = editPairs(reply.fields, edits);
    if (showsId && idHeader !== undefined) fields.push(idHeader, id);
    return withFields(reply, fields);
  };

  return {
    own: (reply, options) => apply(reply, baseOf(options), options.id, true),
    routed: (reply, route, exchange, options) => {
      const { constant } = route;
      const own = constant ?? route.render(exchange);
      const base = baseOf(options);
      const edits = constant === undefined ? mergeEdits(base, own) : withConstant(base, constant);
      // A route that sets or removes the id's field has the last word on it.
      return apply(reply, edits, options.id, idHeader === undefined || !own.drop.has(idHeader));
    },
  };
};
