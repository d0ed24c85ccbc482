/** Name of something that not every platform can do. */
export type Capability =
  | "raw-host"
  | "unix-socket"
  | "upstream-ca"
  | "upstream-server-name"
  | "upstream-client-certificate"
  | "upstream-no-verify"
  | "upstream-header-limit"
  | "connect-timeout"
  | "pool-size"
  | "pool-keep-alive"
  | "peer-address"
  | "half-close"
  | "client-header-timeout"
  | "client-keep-alive-timeout"
  | "connection-limit"
  | "requests-per-connection"
  | "graceful-drain"
  | "tunnel"
  | "listen-tls"
  | "cipher-list"
  | "tls-alpn-challenge"
  | "tls-pause"
  | "several-listeners"
  | "listen-socket"
  | "proxy-protocol"
  | "client-certificate"
  | "threads"
  | "thread-memory"
  | "thread-sockets"
  | "background"
  | "discovery"
  | "tcp-check"
  | "client-region"
  | "log-file"
  | "cpu-profile"
  | "heap-snapshot"
  | "event-loop-delay"
  | "active-resources";

/**
 * What a platform can do beyond the common ground. A config that asks for more than its platform offers is
 * refused at start. The table in the docs is generated from this one.
 */
export const CAPABILITIES: Readonly<Record<Capability, string>> = {
  "raw-host": "send a Host header other than the endpoint's own",
  "unix-socket": "connect to endpoints over Unix domain sockets",
  "upstream-ca": "trust a custom certificate authority for upstream TLS",
  "upstream-server-name": "send and verify another TLS server name",
  "upstream-client-certificate": "present a client certificate to upstreams",
  "upstream-no-verify": "skip verification of upstream certificates",
  "upstream-header-limit": "bound the header section of responses",
  "connect-timeout": "time out the connect step on its own",
  "pool-size": "bound the connections to an endpoint",
  "pool-keep-alive": "set how many idle upstream connections are kept, and for how long",
  "peer-address": "know the address of the connected client",
  "half-close": "answer clients that have ended their side of the connection",
  "client-header-timeout":
    "time out clients that send their header section slowly, and cut those below a rate",
  "client-keep-alive-timeout": "set how long idle client connections are kept",
  "connection-limit": "bound the number of client connections",
  "requests-per-connection": "close a client connection after a number of requests",
  "graceful-drain": "finish requests in flight before the process ends",
  tunnel: "switch to protocols other than WebSocket, and close tunnels that are idle",
  "listen-tls": "speak TLS to clients",
  "cipher-list": "choose the cipher suites of TLS towards clients",
  "tls-alpn-challenge":
    "prove by TLS to a certificate authority that a name leads here (by HTTP it takes a listener without TLS)",
  "tls-pause":
    "pause TLS connections (elsewhere the proxy pauses the connection below: a little more CPU, and handshakes that fail end without an alert)",
  "several-listeners": "listen on several ports",
  "listen-socket": "listen on a Unix socket",
  "proxy-protocol": "take the client's address from the PROXY protocol",
  "client-certificate": "know a client by its certificate",
  threads: "answer requests in several threads",
  "thread-memory":
    "end a thread that has run out of memory alone (elsewhere it takes the whole process with it)",
  "thread-sockets": "close the sockets of a thread that is ended because its code does not return",
  background: "let requests wait in a queue for room, or work go on between requests",
  discovery: "find endpoints by DNS, a watched file, a list over HTTP or Kubernetes",
  "tcp-check": "check endpoints by opening a connection",
  "client-region": "tell the client's region without a header of a trusted proxy",
  "log-file": "write log files",
  "cpu-profile": "take CPU profiles",
  "heap-snapshot": "take heap snapshots",
  "event-loop-delay": "measure the delay of the event loop",
  "active-resources": "list what keeps the event loop alive",
};

/** What it takes sockets of our own to upstreams for: `fetch` can do none of it. */
export const SOCKET_CAPABILITIES: ReadonlySet<Capability> = new Set<Capability>([
  "raw-host",
  "unix-socket",
  "upstream-ca",
  "upstream-server-name",
  "upstream-client-certificate",
  "upstream-no-verify",
  "upstream-header-limit",
  "connect-timeout",
  "pool-size",
  "pool-keep-alive",
]);

/** What it takes a listener of our own for: an app on somebody else's server can do none of it. */
export const LISTENER_CAPABILITIES: ReadonlySet<Capability> = new Set<Capability>([
  "half-close",
  "client-header-timeout",
  "client-keep-alive-timeout",
  "connection-limit",
  "requests-per-connection",
  "graceful-drain",
  "tunnel",
  "listen-tls",
  "cipher-list",
  "tls-alpn-challenge",
  "several-listeners",
  "listen-socket",
  "proxy-protocol",
  "client-certificate",
  // Only the admin listener offers these.
  "cpu-profile",
  "heap-snapshot",
  "event-loop-delay",
  "active-resources",
  "threads",
  "thread-memory",
  "thread-sockets",
]);
