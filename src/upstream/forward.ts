/** The innermost service of a proxied route: one exchange becomes one attempt at one endpoint. */
import type { AttemptTimeouts } from "../core/endpoint.ts";
import type { Exchange } from "../core/exchange.ts";
import type { Transport } from "../core/platform.ts";
import type { Service } from "../core/service.ts";
import { type HeaderEdits, NO_EDITS, mergeEdits, withoutNames } from "../http/header-edits.ts";
import { HOP_BY_HOP } from "../http/headers.ts";
import {
  type ForwardingOptions,
  REPLACED_BY_FORWARDING,
  pushForwardingFields,
} from "./forwarding-headers.ts";
import { type Upstream, hostFor } from "./upstream.ts";

/** Edits that are either the same for every exchange or made for each. */
export interface EditSource {
  readonly constant: HeaderEdits | undefined;
  render(exchange: Exchange): HeaderEdits;
}

export interface ForwardOptions {
  readonly upstream: Upstream;
  readonly transport: Transport;
  readonly forwarding: ForwardingOptions;
  readonly timeouts: AttemptTimeouts;
  /** Path and query to ask for, behind the endpoint's base path; see `joinTarget`. */
  target(exchange: Exchange): string;
  /** Host field instead of what the upstream's policy says. */
  readonly host: ((exchange: Exchange) => string) | undefined;
  readonly requestEdits: EditSource;
  readonly responseEdits: EditSource;
}

/** Request fields the transport owns: it frames the message, names the host and answers expectations itself. */
const OWNED_BY_TRANSPORT = ["host", "content-length", "expect"];

export const forward = (options: ForwardOptions): Service => {
  const { upstream, transport, timeouts } = options;
  const requestEdits = requestEditor(options);
  const responseEdits = responseEditor(options.responseEdits);
  return async (exchange) => {
    const endpoint = upstream.pick(exchange);
    return transport.send({
      exchange,
      endpoint,
      target: joinTarget(endpoint.basePath, options.target(exchange)),
      host: options.host?.(exchange) ?? hostFor(upstream.host, endpoint, exchange),
      requestEdits: requestEdits(exchange),
      responseEdits: responseEdits(exchange),
      timeouts,
      cancellation: exchange.cancellation,
    });
  };
};

/**
 * `target` behind an endpoint's base path. A rewrite may have left nothing of the path, or only its query: then the
 * base path stands alone, as it was written. Where both have a slash one stays; no other is added or taken away.
 */
export const joinTarget = (basePath: string, target: string): string => {
  if (target === "*") return target;
  if (!target.startsWith("/")) return (basePath === "" ? "/" : basePath) + target;
  return (basePath.endsWith("/") ? basePath.slice(0, -1) : basePath) + target;
};

const requestEditor = ({
  forwarding,
  requestEdits,
}: ForwardOptions): ((exchange: Exchange) => HeaderEdits) => {
  const { constant } = requestEdits;
  const dropOf = requestDrop(constant === undefined ? NO_EDITS.drop : constant.drop);
  return (exchange) => {
    const own: string[] = [];
    pushForwardingFields(own, exchange, forwarding);
    const drop = dropOf(exchange.idHeaders);
    const edits = constant ?? requestEdits.render(exchange);
    if (edits === NO_EDITS) return { drop, fallback: [], add: own };
    // A route may replace or remove what the proxy says by itself, e.g. `X-Forwarded-Host`.
    return {
      drop: constant === undefined ? union(drop, edits.drop) : drop,
      fallback: edits.fallback,
      add: [...withoutNames(own, edits.drop), ...edits.add],
    };
  };
};

/** What goes whatever the exchange: `constant` and what the proxy writes anew. Ids mostly come in the same fields. */
const requestDrop = (
  constant: ReadonlySet<string>,
): ((idHeaders: readonly string[]) => ReadonlySet<string>) => {
  const base = new Set([...HOP_BY_HOP, ...OWNED_BY_TRANSPORT, ...REPLACED_BY_FORWARDING, ...constant]);
  let remembered: readonly string[] = [];
  let drop: ReadonlySet<string> = base;
  return (idHeaders) => {
    if (sameItems(remembered, idHeaders)) return drop;
    remembered = idHeaders;
    drop = new Set([...base, ...idHeaders]);
    return drop;
  };
};

/**
 * Hop-by-hop fields out, then what middleware asked for, then what the route says, which so has the last word.
 * Middleware's edits are constant objects, so the merge is remembered until another set of them comes.
 */
const responseEditor = (route: EditSource): ((exchange: Exchange) => HeaderEdits) => {
  const base: HeaderEdits = { drop: HOP_BY_HOP, fallback: [], add: [] };
  let remembered: readonly HeaderEdits[] | undefined;
  let merged = base;
  const withMiddleware = (edits: readonly HeaderEdits[]): HeaderEdits => {
    if (remembered !== undefined && sameItems(remembered, edits)) return merged;
    const front = edits.reduce(mergeEdits, base);
    merged = route.constant === undefined ? front : mergeEdits(front, route.constant);
    remembered = edits;
    return merged;
  };
  return (exchange) => {
    let edits = withMiddleware(exchange.responseEdits);
    const own = route.constant ?? route.render(exchange);
    if (route.constant === undefined) edits = mergeEdits(edits, own);
    const { responseFields } = exchange;
    if (responseFields.length === 0) return edits;
    const fields = own.drop.size === 0 ? responseFields : withoutNames(responseFields, own.drop);
    return { drop: edits.drop, fallback: edits.fallback, add: [...edits.add, ...fields] };
  };
};

const union = (a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> => new Set([...a, ...b]);

const sameItems = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a === b || (a.length === b.length && a.every((item, index) => item === b[index]));
