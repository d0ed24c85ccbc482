/** `listen`: where and how clients connect. */
import type { ListenConfig, ListenLimits } from "../types.ts";
import { listOf, oneOrMany } from "../schema/collections.ts";
import { orUnlimited } from "../schema/forms.ts";
import { type KeyRule, atLeastOne, notBoth } from "../schema/key-rules.ts";
import { oneOf } from "../schema/leaf.ts";
import { defaulted, named, object, optional } from "../schema/object.ts";
import type { Schema } from "../schema/schema.ts";
import { bodySize, duration, listenPort, size, whole } from "../schema/values.ts";
import { bindAddress, path, peerRange } from "./addresses.ts";
import { PORT_OR_SOCKET, proxyProtocol, socketKeys } from "./listen-socket.ts";
import { listenTls } from "./listen-tls.ts";

export const limits: Schema<ListenLimits> = object(
  named("ListenLimits", { expects: "an object of limits" }),
  {
    headerBytes: defaulted(size(256), "32KiB", "Size of a request's header section, names and values."),
    headers: defaulted(whole(1, 100_000), 100, "Number of header fields of a request."),
    targetBytes: defaulted(size(1), "8KiB", "Size of the request target (path and query)."),
    bodyBytes: defaulted(bodySize, "100MiB", 'Size of a request\'s body, or "unlimited".'),
    connections: defaulted(whole(1, 1_000_000), 10_000, "Client connections open at the same time.", {
      needs: "connection-limit",
    }),
    connectionsPerClient: defaulted(
      orUnlimited(whole(1, 1_000_000)),
      "unlimited",
      'Of these, those of one client address (IPv6: of one /64), or "unlimited". Addresses in `trustedProxies` and clients without an address are not counted.',
      { needs: "connection-limit" },
    ),
    requestsPerConnection: defaulted(
      whole(1, 1_000_000_000),
      10_000,
      "Requests answered on one client connection before it is closed.",
      { needs: "requests-per-connection" },
    ),
    minRate: defaulted(
      size(0),
      0,
      "Bytes a second that a client has to send of its request's content, or take of its response, while it is waited for; 0 is no limit. Content that comes more slowly for ten seconds, also if it is quiet on purpose, is answered 408; a client that reads more slowly is cut, but late: the system's buffers fill first. Tunnels are exempt.",
      { needs: "client-header-timeout" },
    ),
  },
);

const timeouts = object(named("ListenTimeouts", { expects: "an object of durations" }), {
  header: defaulted(duration, "10s", "Time a client may take to send its header section.", {
    needs: "client-header-timeout",
  }),
  keepAlive: defaulted(duration, "75s", "Time that an idle client connection stays open.", {
    needs: "client-keep-alive-timeout",
  }),
});

const drain = object(named("DrainConfig", { expects: "an object of durations" }), {
  delay: defaulted(duration, "5s", "Time between turning not-ready and refusing new connections.", {
    needs: "graceful-drain",
  }),
  timeout: defaulted(duration, "30s", "Time that requests in flight get after that.", {
    needs: "graceful-drain",
  }),
});

const PROXY_PROTOCOL =
  "Takes the PROXY protocol, version 1 or 2, in front of what clients send: whose connection a load balancer passes on.";

/** TLS takes another socket of a connection, which is told apart from others by its addresses. */
const TOLD_APART: KeyRule<Pick<ListenConfig, "proxyProtocol" | "socket" | "tls">> = {
  check: ({ proxyProtocol: proxied, socket, tls }, { complain }) => {
    if (proxied === undefined || socket === undefined || tls === undefined) return;
    complain("on a Unix socket it can't stand in front of TLS", "proxyProtocol");
  },
};

/** A further socket, with limits, timeouts and everything else of the first. */
const further = object(
  named("FurtherListener", {
    rules: [
      atLeastOne(["port", "socket"], "takes either a port or a socket"),
      ...PORT_OR_SOCKET,
      notBoth(["tls", "redirect"], "leads to https from https", "redirect"),
      TOLD_APART,
    ],
  }),
  {
    port: optional(listenPort, "Port to listen on; 0 is any free one."),
    host: defaulted(bindAddress, "::", "Address to bind."),
    ...socketKeys("Path of a Unix socket to listen on, instead of a port.", "0660"),
    tls: optional(listenTls, "TLS towards clients. Plain HTTP unless set."),
    redirect: optional(
      oneOf("https"),
      'Sends every client to the same URL by https (308), and does nothing else: "https".',
    ),
    proxyProtocol: optional(proxyProtocol, PROXY_PROTOCOL),
  },
);

const listeners = listOf("a list of objects with a port or a socket", further);

const LEADS_SOMEWHERE: KeyRule<ListenConfig> = {
  check: ({ tls, also = [] }, { complain }) => {
    if (tls !== undefined || also.some((each) => each.tls !== undefined)) return;
    const index = also.findIndex(({ redirect }) => redirect !== undefined);
    if (index !== -1)
      complain("no listener has tls, so there is no https to go to", "also", index, "redirect");
  },
};

/** HTTP-01 is asked for in the clear. */
const ACME_BY_HTTP: KeyRule<ListenConfig> = {
  check: ({ tls, also = [] }, { complain }) => {
    if (tls === undefined || also.some((each) => each.tls === undefined)) return;
    const message = 'no listener is without tls; add { "port": 80 } to `also`';
    if (tls.acme?.challenge === "http-01") complain(message, "tls", "acme", "challenge");
    const index = also.findIndex((each) => each.tls?.acme?.challenge === "http-01");
    if (index !== -1) complain(message, "also", index, "tls", "acme", "challenge");
  },
};

/** `port` and `host` need nothing: where something else listens (a Worker, a Hono app), the same config is as good. */
export const listen: Schema<ListenConfig> = object(
  named("ListenConfig", {
    rules: [...PORT_OR_SOCKET, LEADS_SOMEWHERE, ACME_BY_HTTP, TOLD_APART],
  }),
  {
    port: defaulted(listenPort, 8080, "Port to listen on; 0 is any free one."),
    host: defaulted(bindAddress, "::", "Address to bind. `::` is every address, IPv4 and IPv6."),
    ...socketKeys("Path of a Unix socket to listen on, instead of `port` and `host`.", "0660", {
      needs: "listen-socket",
    }),
    proxyProtocol: optional(proxyProtocol, PROXY_PROTOCOL, { needs: "proxy-protocol" }),
    tls: optional(listenTls, "TLS towards clients. Plain HTTP unless set.", { needs: "listen-tls" }),
    also: defaulted(listeners, [], "Further ports to listen on, such as one that redirects to https.", {
      needs: (written) => (Array.isArray(written) && written.length > 0 ? ["several-listeners"] : []),
    }),
    trustedProxies: defaulted(
      oneOrMany("an IP address or CIDR range, or a list of them", peerRange, 0),
      [],
      'Addresses or CIDR ranges of proxies whose forwarding headers are believed; "unix" is all who connect to a Unix socket.',
      { needs: (written) => (Array.isArray(written) && written.length === 0 ? [] : ["peer-address"]) },
    ),
    readyPath: optional(path, "Path that answers 200 while serving and 503 while draining. None unless set."),
    halfClose: defaulted(
      oneOf("close", "answer"),
      "close",
      'What a client means that ends its side of the connection behind a complete request: it has left ("close"), or it still reads ("answer").',
      { needs: "half-close" },
    ),
    limits: defaulted(limits, {}, "What a client may ask for at most."),
    timeouts: defaulted(timeouts, {}, "How long clients may take."),
    drain: defaulted(drain, {}, "How a stop proceeds."),
  },
);
