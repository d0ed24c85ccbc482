/** `routes`: what happens to which requests. */
import * as v from "valibot";
import type { RouteMatch } from "../../routing/match.ts";
import type { RouteConfig, RouteInput } from "../types.ts";
import { type Complain, together } from "./check.ts";
import { headerEdits } from "./headers.ts";
import { listOf, oneOrMany } from "./collections.ts";
import { oneOf } from "./leaf.ts";
import { object, optional } from "./object.ts";
import { type Looks, REFUSED, type Schema } from "./run.ts";
import { EVERYTHING, match } from "./match.ts";
import { middleware } from "./middleware.ts";
import { redirect, respond, rewrite, target } from "./route-actions.ts";
import { checkParams } from "./route-params.ts";
import { bodySize, duration, text } from "./values.ts";

const fields = object<RouteInput>("an object")({
  name: optional(
    text("a name", (name) => (name.trim() === "" ? REFUSED : name), { not: { pattern: "^\\s*$" } }),
    'Name of the route, for people. "route 1", "route 2", … unless set.',
  ),
  match: optional(
    oneOrMany("an object or a list of objects", match),
    "What the route takes: one match, or several of which any suffices. Everything unless set.",
  ),
  upstream: optional(target, "Name of the upstream to send requests to, or several with weights."),
  redirect: optional(redirect, "Sends the client elsewhere."),
  respond: optional(respond, "Answers with something fixed."),
  rewrite: optional(rewrite, "What is changed about a request's host and path before it is sent on."),
  requestHeaders: optional(headerEdits, "Edits of the request's headers."),
  responseHeaders: optional(headerEdits, "Edits of the response's headers."),
  timeouts: optional(
    object<NonNullable<RouteInput["timeouts"]>>("an object of durations")({
      total: optional(duration, "Time for the whole exchange. No limit unless set."),
      firstByte: optional(duration, "Overrides the upstream's."),
      idle: optional(duration, "Overrides the upstream's."),
    }),
    "How long an exchange may take.",
  ),
  middleware: optional(
    middleware,
    "Hono middleware around this route, inside of the gateway's; from TypeScript only.",
  ),
  bodyBytes: optional(bodySize, 'Overrides `listen.limits.bodyBytes`; a size or "unlimited".'),
  encodedSlash: optional(oneOf("reject", "keep"), "Overrides `validation.encodedSlash`."),
});

const ACTIONS = ["upstream", "redirect", "respond"] as const;
/** What only means something where a request is sent on. */
const FORWARDING_ONLY = ["rewrite", "requestHeaders", "timeouts"] as const;

const ALONE: Looks = { properties: Object.fromEntries(FORWARDING_ONLY.map((key) => [key, false])) };

type Given = Partial<v.InferOutput<typeof fields>>;

const checkAction = (route: Given, complain: Complain): void => {
  const actions = ACTIONS.filter((action) => action in route);
  if (actions.length === 0) {
    complain("does nothing; expected one of upstream, redirect and respond");
  } else if (actions.length > 1) {
    complain(`expected exactly one of upstream, redirect and respond, found ${actions.join(" and ")}`);
  } else if (actions[0] !== "upstream") {
    for (const key of FORWARDING_ONLY) {
      if (key in route) complain(`has no effect beside ${actions[0] ?? ""}`, key);
    }
  }
};

interface PrefixEdit {
  readonly key: readonly string[];
  /** Whether a match of every path will do. */
  readonly anyPath: boolean;
}

const prefixEdit = ({ rewrite: target, redirect: location }: Given): PrefixEdit | undefined => {
  if (target?.stripPrefix === true) return { key: ["rewrite", "stripPrefix"], anyPath: false };
  if (target?.prefix !== undefined) return { key: ["rewrite", "prefix"], anyPath: true };
  return location?.prefix === undefined ? undefined : { key: ["redirect", "prefix"], anyPath: true };
};

const checkPrefix = (route: Given, matches: readonly RouteMatch[], complain: Complain): void => {
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

const route: Schema<RouteInput, Omit<RouteConfig, "name"> & { readonly name: string | undefined }> = v.pipe(
  fields,
  together(
    (given, complain) => {
      checkAction(given, complain);
      const matches = "match" in given ? given.match : [EVERYTHING];
      if (matches === undefined) return;
      const { upstream, redirect: location, rewrite: change, requestHeaders, responseHeaders } = given;
      checkPrefix(given, matches, complain);
      checkParams(
        { upstream, redirect: location, rewrite: change, requestHeaders, responseHeaders },
        matches,
        complain,
      );
    },
    {
      oneOf: ACTIONS.map((action) => ({ required: [action] })),
      dependencies: { redirect: ALONE, respond: ALONE },
    },
  ),
  v.transform((given) => ({
    name: given.name,
    match: given.match ?? [EVERYTHING],
    upstreams: given.upstream,
    redirect: given.redirect,
    respond: given.respond,
    rewrite: given.rewrite,
    requestHeaders: given.requestHeaders,
    responseHeaders: given.responseHeaders,
    timeouts: {
      totalMs: given.timeouts?.total,
      firstByteMs: given.timeouts?.firstByte,
      idleMs: given.timeouts?.idle,
    },
    bodyBytes: given.bodyBytes,
    middleware: given.middleware ?? [],
    encodedSlash: given.encodedSlash,
  })),
);

/** Name of the route at `index` that was given none. */
export const routeName = (index: number): string => `route ${index + 1}`;

export const routes: Schema<readonly RouteInput[], readonly RouteConfig[]> = v.pipe(
  listOf("a list of routes", route),
  v.transform((list) => list.map((item, index) => ({ ...item, name: item.name ?? routeName(index) }))),
);
