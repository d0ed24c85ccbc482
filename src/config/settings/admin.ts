/** `admin`: health pages, metrics and log levels for operators and their tools. */
import { type KeyRule, needs, notBoth } from "../schema/key-rules.ts";
import { defaulted, named, object, optional } from "../schema/object.ts";
import { Refusal, type Schema } from "../schema/schema.ts";
import { listenPort, text } from "../schema/values.ts";
import type { AdminConfig } from "../types.ts";
import { bindAddress, path } from "./addresses.ts";
import { socketMode, socketPath } from "./listen-socket.ts";
import { listenTls } from "./listen-tls.ts";

const MIN_CHARACTERS = 16;
/** Sent as `Authorization: Bearer …`, so it is one word (RFC 6750 §2.1). */
const TOKEN = `^[\\w.~+/-]{${MIN_CHARACTERS},}=*$`;

const token: Schema<string> = {
  ...text(
    `a token of at least ${MIN_CHARACTERS} characters`,
    (given) =>
      new RegExp(TOKEN).test(given) ? given : new Refusal("A-Z a-z 0-9 - . _ ~ + /", { isSafe: true }),
    { pattern: TOKEN },
  ),
  isSecret: () => true,
};

const BELOW_ROOT: KeyRule<AdminConfig> = {
  check: ({ path: prefix }, { complain }) => {
    if (prefix === "/") complain('"/" would take all requests from the routes', "path");
  },
};

/** Authorities check names at the ports of the proxy. */
const OWN_CERTIFICATE: KeyRule<AdminConfig> = {
  check: ({ tls }, { complain }) => {
    if (tls?.acme !== undefined) complain("is for `listen.tls`; give `cert` and `key` here", "tls", "acme");
  },
};

const rules = [
  BELOW_ROOT,
  OWN_CERTIFICATE,
  notBoth(["socket", "port"], "takes either a port or a socket", "port"),
  notBoth(["socket", "host"], "a socket has a path alone", "host"),
  needs("path", "token", "needs `token`: clients could ask for it too"),
];

export const admin: Schema<AdminConfig> = object(named("AdminConfig", { rules }), {
  port: optional(
    listenPort,
    "Port of a listener of its own for /livez, /readyz, /metrics and /log/levels; 0 is any free one. None unless set.",
    { needs: "several-listeners" },
  ),
  host: defaulted(bindAddress, "127.0.0.1", "Address that it binds."),
  socket: optional(socketPath, "Path of a Unix socket for the same, instead of `port` and `host`.", {
    needs: "listen-socket",
  }),
  socketMode: defaulted(socketMode, "0600", "Permissions of the socket: who may connect."),
  tls: optional(
    listenTls,
    "TLS on the listener, with certificates of clients if it asks for them. Plain HTTP unless set.",
    { needs: "listen-tls" },
  ),
  path: optional(
    path,
    "Path below which the same is served beside the routes, to those who send the token: for Workers, and apps on other servers.",
  ),
  token: optional(
    token,
    "What `Authorization: Bearer` has to carry: for everything below `path`, and on the listener for everything but /livez and /readyz.",
  ),
});
