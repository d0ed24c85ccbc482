/** The schema of a whole config. */
import * as v from "valibot";
import type { Config, ConfigInput, RouteConfig } from "../types.ts";
import { forwarding, requestId, securityHeaders, validation } from "./edge.ts";
import { defaulted, object, optional } from "./object.ts";
import type { Schema } from "./run.ts";
import { listen } from "./listen.ts";
import { middleware } from "./middleware.ts";
import { EVERYTHING } from "./match.ts";
import { routeName, routes } from "./route.ts";
import { upstreams } from "./upstream.ts";
import { text } from "./values.ts";

const fields = object<ConfigInput>("an object")({
  $schema: optional(text("the address of this JSON Schema"), "Address of the JSON Schema, for editors."),
  listen: defaulted(listen, {}, "Where and how clients connect."),
  upstreams: defaulted(upstreams, {}, "Groups of equivalent servers, by name."),
  routes: defaulted(
    routes,
    [],
    "What happens to which requests. With one upstream and no routes, all requests go there.",
  ),
  validation: defaulted(validation, {}, "Which requests are let in."),
  securityHeaders: defaulted(securityHeaders, "default", "Security headers of responses; false for none."),
  requestId: defaulted(requestId, {}, "The id that follows a request through logs and services."),
  forwarding: defaulted(forwarding, {}, "What upstreams are told about the client."),
  middleware: defaulted(middleware, [], "Hono middleware around every route; from TypeScript only."),
});

const everythingTo = (upstream: string): RouteConfig => ({
  name: routeName(0),
  match: [EVERYTHING],
  upstreams: [{ name: upstream, weight: 1, requestHeaders: undefined, responseHeaders: undefined }],
  redirect: undefined,
  respond: undefined,
  rewrite: undefined,
  requestHeaders: undefined,
  responseHeaders: undefined,
  timeouts: { totalMs: undefined, firstByteMs: undefined, idleMs: undefined },
  bodyBytes: undefined,
  middleware: [],
  encodedSlash: undefined,
});

export const configSchema: Schema<ConfigInput, Config> = v.pipe(
  fields,
  v.transform((given) => {
    const [only] = Object.keys(given.upstreams);
    const { listen: edge, upstreams: groups, validation: checks, securityHeaders: headers } = given;
    return {
      listen: edge,
      upstreams: groups,
      routes: given.routes.length === 0 && only !== undefined ? [everythingTo(only)] : given.routes,
      validation: checks,
      securityHeaders: headers,
      requestId: given.requestId,
      forwarding: given.forwarding,
      middleware: given.middleware,
    };
  }),
);
