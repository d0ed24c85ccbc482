/** `routes`: what happens to which requests. */
import type { RouteMatch } from "../../routing/match.ts";
import { isProtocol, isTunnelProtocol } from "../../http/tunnel-protocol.ts";
import { listOf, oneOrMany } from "../schema/collections.ts";
import type { KeyRule, Keys } from "../schema/key-rules.ts";
import { code } from "../schema/leaf.ts";
import { defaulted, named, object, optional } from "../schema/object.ts";
import * as patterns from "../schema/patterns.ts";
import { REFUSED, Refusal, type Schema, transformed } from "../schema/schema.ts";
import { bodySize, duration, text } from "../schema/values.ts";
import type { RouteConfig } from "../types.ts";
import { encodedSlash } from "./edge.ts";
import { headerEdits } from "./headers.ts";
import { match } from "./match.ts";
import { hashKeyOf } from "./balance.ts";
import { mirror, otherUpstreams, redirect, respond, rewrite, target } from "./route-actions.ts";
import { checkParams } from "./route-params.ts";

export const routeTimeouts: Schema = object(named("RouteTimeouts", { expects: "an object of durations" }), {
  total: optional(
    duration,
    "Time for the whole exchange; of a tunnel, until it is open. No limit unless set.",
  ),
  firstByte: optional(duration, "Overrides the upstream's."),
  idle: optional(duration, "Overrides the upstream's."),
  tunnelIdle: optional(duration, "Overrides the upstream's.", { needs: "tunnel" }),
});

const ACTIONS = ["upstream", "redirect", "respond"];
/** What only means something where a request is sent on. */
const FORWARDING_ONLY = ["rewrite", "requestHeaders", "timeouts", "upgrade", "sticky", "failover", "mirror"];
const ALONE = { properties: Object.fromEntries(FORWARDING_ONLY.map((key) => [key, false])) };

const ONE_ACTION: KeyRule<RouteConfig> = {
  check: (_, { has, complain }) => {
    const [action, ...others] = ACTIONS.filter(has);
    if (action === undefined) {
      complain("does nothing; expected one of upstream, redirect and respond");
    } else if (others.length > 0) {
      const found = [action, ...others].join(" and ");
      complain(`expected exactly one of upstream, redirect and respond, found ${found}`);
    } else if (action !== "upstream") {
      for (const key of FORWARDING_ONLY.filter(has)) complain(`has no effect beside ${action}`, key);
    }
  },
  json: {
    oneOf: ACTIONS.map((action) => ({ required: [action] })),
    dependencies: { redirect: ALONE, respond: ALONE },
  },
};

type Given = Partial<RouteConfig>;

/** Where the matched prefix is edited, and whether a match of every path has one. */
const prefixEdit = ({
  rewrite: change,
  redirect: location,
}: Given): { readonly key: readonly string[]; readonly anyPath: boolean } | undefined => {
  if (change?.stripPrefix === true) return { key: ["rewrite", "stripPrefix"], anyPath: false };
  if (change?.prefix !== undefined) return { key: ["rewrite", "prefix"], anyPath: true };
  return location?.prefix === undefined ? undefined : { key: ["redirect", "prefix"], anyPath: true };
};

const checkPrefix = (route: Given, matches: readonly RouteMatch[], { complain }: Keys): void => {
  const edit = prefixEdit(route);
  if (edit === undefined) return;
  const fits = ({ path }: RouteMatch): boolean =>
    path === undefined
      ? edit.anyPath
      : path.kind === "prefix" || (path.kind === "pattern" && path.value.endsWith("/*"));
  if (matches.every(fits)) return;
  const advice = 'the match needs a path that ends in "/*", such as "/v1/*"';
  complain(`there is no matched prefix; ${advice}`, ...edit.key);
};

/** One match or several, of which any suffices. */
const matches = oneOrMany("an object or a list of objects", match);

/** Functions, which only a config in TypeScript can hold. */
export const middleware: Schema<readonly unknown[]> = listOf(
  "a list of Hono middleware (functions)",
  code("a function", (value) => typeof value === "function", "Middleware"),
);

const isWebSocket = (protocol: unknown): boolean =>
  typeof protocol === "string" && protocol.toLowerCase() === "websocket";

const upgrade = listOf(
  "a list of protocols",
  text(
    'the name of a protocol such as "websocket"',
    (name) => {
      if (isTunnelProtocol(name)) return name;
      return isProtocol(name) ? new Refusal("it is HTTP itself", { isSafe: true }) : REFUSED;
    },
    { pattern: patterns.PROTOCOL },
  ),
);

const FITS_MATCH: KeyRule<RouteConfig> = {
  check: (given, keys) => {
    if (given.match === undefined) return;
    checkPrefix(given, given.match, keys);
    checkParams(given.match, keys);
  },
};

export const route: Schema<RouteConfig> = object(named("RouteConfig", { rules: [ONE_ACTION, FITS_MATCH] }), {
  name: optional(
    text("a name", (name) => (name.trim() === "" ? REFUSED : name), { not: { pattern: "^\\s*$" } }),
    'Name of the route, for people. "route 1", "route 2", … unless set.',
    { isFilled: true },
  ),
  match: defaulted(
    matches,
    {},
    "What the route takes: one match, or several of which any suffices. Everything unless set.",
  ),
  upstream: optional(target, "Name of the upstream to send requests to, or several with weights.", {
    as: "upstreams",
  }),
  sticky: optional(
    hashKeyOf,
    'Keeps a client at one upstream of several: what it is known by, "ip", "header:NAME" or "cookie:NAME".',
  ),
  failover: optional(otherUpstreams, "Upstreams that are tried in order where the route's own can't answer."),
  mirror: optional(mirror, "Copies requests to another upstream, whose answers are discarded."),
  redirect: optional(redirect, "Sends the client elsewhere."),
  respond: optional(respond, "Answers with something fixed."),
  rewrite: optional(rewrite, "What is changed about a request's host and path before it is sent on."),
  requestHeaders: optional(headerEdits, "Edits of the request's headers."),
  responseHeaders: optional(headerEdits, "Edits of the response's headers."),
  timeouts: defaulted(routeTimeouts, {}, "How long an exchange may take."),
  middleware: defaulted(
    middleware,
    [],
    "Hono middleware around this route, inside of the gateway's; from TypeScript only.",
  ),
  bodyBytes: optional(bodySize, 'Overrides `listen.limits.bodyBytes`; a size or "unlimited".'),
  upgrade: defaulted(
    upgrade,
    ["websocket"],
    "Protocols that clients may switch to (`Upgrade`), if the upstream agrees. None where the list is empty.",
    {
      needs: (protocols) => (Array.isArray(protocols) && !protocols.every(isWebSocket) ? ["tunnel"] : []),
    },
  ),
  encodedSlash: optional(encodedSlash, "Overrides `validation.encodedSlash`."),
});

/** Name of the route at `index` that was given none. */
export const routeName = (index: number): string => `route ${index + 1}`;

export const routes: Schema<readonly RouteConfig[]> = transformed(
  listOf('a list of routes, such as [{ "upstream": "app" }]', route),
  (list) => list.map((each, index) => (each.name === undefined ? { ...each, name: routeName(index) } : each)),
);
