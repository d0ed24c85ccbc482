/** Name of something that not every runtime can do. */
export type Capability =
  | "raw-host"
  | "unix-socket"
  | "upstream-ca"
  | "upstream-server-name"
  | "upstream-client-certificate"
  | "upstream-no-verify"
  | "connect-timeout"
  | "body-idle-timeout"
  | "pool-size"
  | "pool-keep-alive"
  | "pipelining"
  | "peer-address"
  | "header-section-over-16k"
  | "header-section-over-64k"
  | "client-header-timeout"
  | "client-keep-alive-timeout"
  | "connection-limit"
  | "requests-per-connection"
  | "graceful-drain";

/**
 * What a runtime can do beyond the common ground. A config that asks for more than its runtime offers is
 * refused at start. The table in the docs is generated from this one.
 */
export const CAPABILITIES: Readonly<Record<Capability, string>> = {
  "raw-host": "send a Host header other than the endpoint's own",
  "unix-socket": "connect to endpoints over Unix domain sockets",
  "upstream-ca": "trust a custom certificate authority for upstream TLS",
  "upstream-server-name": "send and verify another TLS server name",
  "upstream-client-certificate": "present a client certificate to upstreams",
  "upstream-no-verify": "skip verification of upstream certificates",
  "connect-timeout": "time out the connect step on its own",
  "body-idle-timeout": "time out a stalled body in either direction",
  "pool-size": "bound the connections to an endpoint",
  "pool-keep-alive": "set how long idle upstream connections are kept",
  pipelining: "pipeline requests on an upstream connection",
  "peer-address": "know the address of the connected client",
  "header-section-over-16k": "take a header section of more than 16 KiB",
  "header-section-over-64k": "take a header section of more than 64 KiB",
  "client-header-timeout": "time out clients that send their header section slowly",
  "client-keep-alive-timeout": "set how long idle client connections are kept",
  "connection-limit": "bound the number of client connections",
  "requests-per-connection": "close a client connection after a number of requests",
  "graceful-drain": "finish requests in flight before the process ends",
};
