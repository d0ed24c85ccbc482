/** `admin`: health, metrics, state and control for operators and their tools. */
import type { KeyRule } from "../schema/key-rules.ts";
import { defaulted, named, object, optional } from "../schema/object.ts";
import { Refusal, type Schema } from "../schema/schema.ts";
import { flag, like, listenPort, text } from "../schema/values.ts";
import type { AdminConfig } from "../types.ts";
import { isLoopbackHost } from "../../http/loopback.ts";
import { listOf, mapOf } from "../schema/collections.ts";
import { bindAddress, hostPattern, path } from "./addresses.ts";
import { PORT_OR_SOCKET, socketKeys } from "./listen-socket.ts";
import { adminTls } from "./listen-tls.ts";

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

const tokenName = like('a name such as "deploy"', "^[\\w.-]{1,64}$");

const BELOW_ROOT: KeyRule<AdminConfig> = {
  check: ({ path: prefix }, { complain }) => {
    if (prefix === "/") complain('"/" would take all requests from the routes', "path");
  },
};

const hasToken = ({ token: only, tokens: others = {} }: Partial<AdminConfig>): boolean =>
  only !== undefined || Object.keys(others).length > 0;

/** Whoever reaches it would be an operator. */
const REACHABLE: KeyRule<AdminConfig> = {
  check: (given, { complain, has }) => {
    if (hasToken(given) || has("token") || has("tokens")) return;
    if (has("path")) complain("needs `token`: clients could ask for it too", "path");
    const { port, host } = given;
    if (port === undefined || host === undefined || isLoopbackHost(host.toLowerCase())) return;
    complain("needs `token`: others than this machine could ask for it too", "host");
  },
};

const rules = [BELOW_ROOT, REACHABLE, ...PORT_OR_SOCKET];

export const admin: Schema<AdminConfig> = object(named("AdminConfig", { rules }), {
  port: optional(
    listenPort,
    "Port of a listener of its own for the admin API; 0 is any free one. None unless set.",
    { needs: "several-listeners" },
  ),
  host: defaulted(
    bindAddress,
    "127.0.0.1",
    "Address that it binds. Any other than one of this machine alone needs a token.",
  ),
  hosts: defaulted(
    listOf("a list of hosts", hostPattern),
    [],
    "Names that clients call it by besides `localhost` and its address: exact, or with `*.` before them.",
  ),
  dashboard: defaulted(flag, true, "Whether that listener serves a page for browsers at /."),
  ...socketKeys("Path of a Unix socket for the same, instead of `port` and `host`.", "0600", {
    needs: "listen-socket",
  }),
  tls: optional(
    adminTls,
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
  tokens: defaulted(
    mapOf("an object of tokens by name", tokenName, token),
    {},
    "Further ones, each with the name of its owner, which audit lines show.",
  ),
});
