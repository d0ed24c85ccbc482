/** Requests of clients and attempts at endpoints: OpenTelemetry's conventions, and what they have no name for. */
import {
  type Group,
  METHOD,
  STATUS,
  ERROR,
  SCHEME,
  VERSION,
  ROUTE,
  ROUTE_PATH,
  ENDPOINT,
  counter,
  state,
  histogram,
} from "./define-instrument.ts";
import { DURATION_BOUNDS, SIZE_BOUNDS } from "./instrument.ts";

const TUNNEL_BOUNDS = [1, 10, 60, 600, 3_600, 6 * 3_600, 86_400];

const sizes = histogram(SIZE_BOUNDS);

export type HttpInstruments = Group<
  | "serverDuration"
  | "serverActive"
  | "serverRequestSize"
  | "serverResponseSize"
  | "clientDuration"
  | "clientRequestSize"
  | "clientResponseSize"
>;

/** @param bounds of durations of requests, in seconds. */
export const httpInstruments = (bounds: readonly number[] = DURATION_BOUNDS): HttpInstruments => {
  const durations = histogram(bounds);
  return {
    serverDuration: durations(
      "http.server.request.duration",
      "s",
      [METHOD, SCHEME, STATUS, ERROR, VERSION, ROUTE_PATH, ROUTE],
      "Time from a request's head to the last byte of its response, or to its failure; without tunnels.",
    ),
    serverActive: state(
      "http.server.active_requests",
      "{request}",
      [METHOD, SCHEME],
      "Requests that are being answered, tunnels included.",
    ),
    serverRequestSize: sizes(
      "http.server.request.body.size",
      "By",
      [METHOD, SCHEME, STATUS, ERROR, VERSION, ROUTE_PATH, ROUTE],
      "Announced length of the content of requests that announce one.",
    ),
    serverResponseSize: sizes(
      "http.server.response.body.size",
      "By",
      [METHOD, SCHEME, STATUS, ERROR, VERSION, ROUTE_PATH, ROUTE],
      "Content that was sent to clients.",
    ),
    clientDuration: durations(
      "http.client.request.duration",
      "s",
      [METHOD, STATUS, ERROR, ...ENDPOINT],
      "Time from an attempt's start to the last byte of its response, or to its failure; without tunnels.",
    ),
    clientRequestSize: sizes(
      "http.client.request.body.size",
      "By",
      [METHOD, STATUS, ERROR, ...ENDPOINT],
      "Content that was sent to endpoints.",
    ),
    clientResponseSize: sizes(
      "http.client.response.body.size",
      "By",
      [METHOD, STATUS, ERROR, ...ENDPOINT],
      "Content that came from endpoints.",
    ),
  };
};

/** What happens to single requests besides their durations. */
export const REQUEST_INSTRUMENTS: Group<"rejections" | "shed" | "tunnelsActive" | "tunnelDuration"> = {
  rejections: counter(
    "fairlead.request.rejections",
    "{request}",
    [ERROR],
    "Requests that were refused before a route was chosen: validation, limits of a head, no route.",
  ),
  shed: counter(
    "fairlead.request.shed",
    "{request}",
    [ROUTE, ERROR],
    "Requests that the proxy refused to send on: overload, open breakers, no endpoint, drain.",
  ),
  tunnelsActive: state(
    "fairlead.tunnel.active",
    "{tunnel}",
    [ROUTE],
    "Tunnels that are open, WebSockets included.",
  ),
  tunnelDuration: histogram(TUNNEL_BOUNDS)(
    "fairlead.tunnel.duration",
    "s",
    [ROUTE, ERROR],
    "Time from the request to the end of the tunnel.",
  ),
};
