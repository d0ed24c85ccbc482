/** Edits of responses for the client, applied last and once, outside of everything that a route's layers do. */
import type { Config } from "./config/types.ts";
import type { EditSource, Exchange } from "./core/exchange.ts";
import { type HttpReply, withAddedFields } from "./core/reply.ts";
import { type HeaderEdits, type HeaderPairs, NO_EDITS, editPairs, mergeEdits } from "./http/header-edits.ts";
import { securityHeaderEdits } from "./http/security-headers.ts";

/** What is done to one response. */
export interface ResponseEdits {
  readonly edits: HeaderEdits;
  /** Name of the field that carries the request's id; undefined where none does. */
  readonly idField: string | undefined;
}

/** What responses of a gateway get. */
export interface ClientEdits {
  /** For the reply to a routed exchange, with the route's edits. */
  routed(route: EditSource, exchange: Exchange, client: ClientView): ResponseEdits;
  /** For any other reply, which is the proxy's own. */
  own(client: ClientView): ResponseEdits;
}

/** What the edits depend on. */
export interface ClientView {
  /** Whether the client used https. */
  readonly secure: boolean;
  /** Whether security headers are added outside of the gateway. */
  readonly securedOutside: boolean;
}

/** @param idField lower-case name of the field that carries the id to clients; undefined where none does. */
export const clientEdits = (config: Config, idField: string | undefined): ClientEdits => {
  const ids: HeaderEdits =
    idField === undefined ? NO_EDITS : { drop: new Set([idField]), fallback: [], add: [] };
  const { securityHeaders } = config;
  const security = securityHeaders === false ? undefined : securityHeaderEdits(securityHeaders);
  const idsOnly: ResponseEdits = { edits: ids, idField };
  const plain: ResponseEdits = security ? { edits: mergeEdits(ids, security.http), idField } : idsOnly;
  const secure: ResponseEdits = security ? { edits: mergeEdits(ids, security.https), idField } : idsOnly;
  const baseOf = (client: ClientView): ResponseEdits =>
    client.securedOutside ? idsOnly : client.secure ? secure : plain;

  /** A route that sets or removes the id's field has the last word on it. */
  const merge = ({ edits }: ResponseEdits, route: HeaderEdits): ResponseEdits => ({
    edits: mergeEdits(edits, route),
    idField: idField !== undefined && route.drop.has(idField) ? undefined : idField,
  });

  const merged = new Map<ResponseEdits, WeakMap<HeaderEdits, ResponseEdits>>(
    [idsOnly, plain, secure].map((base) => [base, new WeakMap()]),
  );
  const mergeOnce = (base: ResponseEdits, constant: HeaderEdits): ResponseEdits => {
    const known = merged.get(base);
    const found = known?.get(constant);
    if (found !== undefined) return found;
    const made = merge(base, constant);
    known?.set(constant, made);
    return made;
  };

  return {
    own: baseOf,
    routed: (route, exchange, client) => {
      const base = baseOf(client);
      if (route.constant === NO_EDITS) return base;
      return route.constant === undefined
        ? merge(base, route.render(exchange))
        : mergeOnce(base, route.constant);
    },
  };
};

/** A reply's fields as the client gets them. */
export const editFields = (
  fields: HeaderPairs,
  { edits, idField }: ResponseEdits,
  id: string,
): HeaderPairs => {
  const edited = editPairs(fields, edits);
  if (idField !== undefined) edited.push(idField, id);
  return edited;
};

/**
 * Makes replies what the client gets. Servers mostly repeat their fields byte for byte, and the engine then hands out the
 * same list of them: so the edited list is kept for as long as that one lives.
 */
export class ReplyEditor {
  readonly #known = new WeakMap<HeaderPairs, { readonly edits: HeaderEdits; readonly fields: HeaderPairs }>();

  edit(reply: HttpReply, { edits, idField }: ResponseEdits, id: string): HttpReply {
    let known = this.#known.get(reply.fields);
    if (known?.edits !== edits) {
      known = { edits, fields: editPairs(reply.fields, edits) };
      this.#known.set(reply.fields, known);
    }
    return withAddedFields(reply, known.fields, idField === undefined ? undefined : [idField, id]);
  }
}
