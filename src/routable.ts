/** What of an arrival is believed: who asks, and what the request is routed by. */
import type { Plan } from "./config/plan.ts";
import type { Arrival, RequestHead } from "./core/arrival.ts";
import { ProxyError } from "./core/errors.ts";
import { type ResolvedClient, resolveClient } from "./http/forwarded.ts";
import type { Screened } from "./http/screen.ts";
import { NO_HOST, matchHost } from "./routing/host-matcher.ts";
import type { RoutableRequest } from "./routing/router.ts";

/** Who asks. */
export const clientOf = (
  { trusted }: Plan,
  { head, peer }: Pick<Arrival, "head" | "peer">,
  { authority }: Screened,
): ResolvedClient => resolveClient(head.pairs, peer.address, head.scheme, authority, trusted);

/**
 * Holds what a trusted proxy says was asked for against the hosts that are `served`, as `Host` was before: many proxies
 * pass it on as the client sent it, and redirects and upstreams are told of it.
 *
 * @throws ProxyError `host-not-allowed`.
 */
export const requireServed = (
  { host: authority }: ResolvedClient,
  screened: Screened,
  served: readonly string[] | undefined,
): void => {
  if (served === undefined || authority === screened.authority) return;
  const host = authority.replace(/:\d*$/, "");
  if (matchHost(served, host) !== NO_HOST) return;
  throw new ProxyError("host-not-allowed", { detail: `forwarded host ${host} is not on the list` });
};

/**
 * What a request is routed by. Fields that are not believed have no say: forwarding fields of a client that nobody
 * vouches for, those that `Connection` names, look-alike names.
 */
export const routable = (
  { method, pairs }: RequestHead,
  { host, path, query, drop }: Screened,
  client: ResolvedClient,
): RoutableRequest => ({
  method,
  host,
  path,
  query,
  pairs,
  disregarded: client.trustedPeer ? drop : joined(drop, client.drop),
});

/** A new list only where both hold something. */
export const joined = (a: readonly string[], b: readonly string[]): readonly string[] => {
  if (b.length === 0) return a;
  return a.length === 0 ? b : [...a, ...b];
};
