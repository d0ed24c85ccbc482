/** Instruments for values that other parts of the proxy keep. */
import { type Group, UPSTREAM, ENDPOINT, counter, gauge, state, summedGauge } from "./define-instrument.ts";

/** Read at each reading, and not counted. */
export const STATE_INSTRUMENTS: Group<
  | "serverConnections"
  | "accepted"
  | "turnedAway"
  | "clientActive"
  | "openConnections"
  | "opened"
  | "waiting"
  | "breakerState"
  | "available"
  | "healthy"
  | "ejected"
  | "retryBudget"
  | "concurrency"
  | "concurrencyLimit"
  | "generation"
  | "certificateEnd"
  | "applied"
  | "reloaded"
  | "refusedConfigs"
> = {
  serverConnections: state(
    "fairlead.server.connections",
    "{connection}",
    [],
    "Client connections that are open.",
  ),
  accepted: counter(
    "fairlead.server.connections.accepted",
    "{connection}",
    [],
    "Client connections accepted.",
  ),
  turnedAway: counter(
    "fairlead.server.connections.refused",
    "{connection}",
    [],
    "Client connections closed at once, as listen.limits.connections was reached.",
  ),
  clientActive: state(
    "http.client.active_requests",
    "{request}",
    ENDPOINT,
    "Attempts whose responses have not ended.",
  ),
  openConnections: state(
    "http.client.open_connections",
    "{connection}",
    [...ENDPOINT, "http.connection.state"],
    "Connections to endpoints: idle or active.",
  ),
  opened: counter(
    "fairlead.upstream.connections.opened",
    "{connection}",
    ENDPOINT,
    "Connections to endpoints that were opened.",
  ),
  waiting: state(
    "fairlead.upstream.connections.waiting",
    "{request}",
    ENDPOINT,
    "Attempts that wait for a connection, or for one to be made.",
  ),
  breakerState: gauge(
    "fairlead.endpoint.breaker.state",
    "{state}",
    [...ENDPOINT, "fairlead.breaker.state"],
    "1 for the state that the breaker is in, 0 for the others. Of several threads, 1 for each state that one of them is in.",
  ),
  available: gauge(
    "fairlead.endpoint.available",
    "{endpoint}",
    ENDPOINT,
    "1 where the endpoint may be tried: healthy, not ejected, breaker not open, not at its limit, weight not 0. Of several threads, 1 where one may.",
  ),
  healthy: gauge(
    "fairlead.endpoint.healthy",
    "{endpoint}",
    ENDPOINT,
    "1 where active checks find the endpoint up; of endpoints with checks.",
  ),
  ejected: gauge(
    "fairlead.endpoint.ejected",
    "{endpoint}",
    ENDPOINT,
    "1 while the endpoint is ejected, by one thread at least.",
  ),
  retryBudget: summedGauge(
    "fairlead.upstream.retry.budget",
    "{attempt}",
    [UPSTREAM],
    "Retries that may be made at once.",
  ),
  concurrency: state(
    "fairlead.upstream.concurrency",
    "{request}",
    [UPSTREAM, "fairlead.concurrency.state"],
    "Requests under the concurrency cap: in progress, or waiting for room.",
  ),
  concurrencyLimit: gauge(
    "fairlead.upstream.concurrency.limit",
    "{request}",
    [UPSTREAM],
    "Most requests in progress that the concurrency cap admits now.",
  ),
  certificateEnd: gauge(
    "fairlead.certificate.not_after",
    "s",
    ["fairlead.listener", "fairlead.certificate.name"],
    "When a certificate that clients are shown expires, in seconds since 1970; the name is the first one that it is for.",
  ),
  generation: gauge(
    "fairlead.config.generation",
    "{config}",
    [],
    "How many configs were put into effect since the start.",
  ),
  applied: gauge(
    "fairlead.config.applied",
    "s",
    [],
    "When the config in effect was put into effect, in seconds since 1970.",
  ),
  reloaded: gauge(
    "fairlead.config.reload.successful",
    "1",
    [],
    "1 where the last config was put into effect, 0 where it was refused and an earlier one goes on.",
  ),
  refusedConfigs: counter(
    "fairlead.config.refused",
    "{config}",
    [],
    "Configs that were refused since the start while an earlier one went on.",
  ),
};
