/** The schema of a whole config. */
import { orWord } from "../schema/forms.ts";
import type { KeyRule } from "../schema/key-rules.ts";
import { defaulted, named, object, optional } from "../schema/object.ts";
import { type JsonSchema, type Schema, transformed } from "../schema/schema.ts";
import { escaped, text, whole } from "../schema/values.ts";
import type { Config } from "../types.ts";
import { admin } from "./admin.ts";
import { forwarding, requestId, securityHeaders, validation } from "./edge.ts";
import { challengeNeeds } from "./acme.ts";
import { listen } from "./listen.ts";
import { log } from "./log.ts";
import { middleware, routes } from "./route.ts";
import { telemetry } from "./telemetry.ts";
import { upstreams } from "./upstream.ts";

/** Log records need a collector. */
const COLLECTED: KeyRule<Config> = {
  check: ({ log: written, telemetry: sent }, { complain }) => {
    if (written?.otlp === true && sent?.otlp.endpoint === undefined) {
      complain("there is no collector to send to; set telemetry.otlp.endpoint", "log", "otlp");
    }
  },
};

/** Threads share a port, and a path leads to one socket. */
const SHARED: KeyRule<Config> = {
  check: ({ listen: given, threads = 1 }, { complain }) => {
    if (threads === 1 || given === undefined) return;
    const message = "a Unix socket is served by one thread; leave `threads` out";
    if (given.socket !== undefined) complain(message, "listen", "socket");
    const index = (given.also ?? []).findIndex(({ socket }) => socket !== undefined);
    if (index !== -1) complain(message, "listen", "also", index, "socket");
  },
};

const written: Schema<Config> = object(named("Config", { ignores: "x-", rules: [COLLECTED, SHARED] }), {
  $schema: optional(text("the address of this JSON Schema"), "Address of the JSON Schema, for editors.", {
    as: "",
  }),
  listen: defaulted(listen, {}, "Where and how clients connect.", { needs: challengeNeeds }),
  threads: defaulted(
    orWord(whole(1, 256), "auto", "auto"),
    1,
    'Threads that answer requests, on one port; "auto" is one for each CPU that the process may use.',
    { needs: (written) => (written === 1 ? [] : ["threads"]) },
  ),
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
  log: defaulted(log, {}, "Events and lines about requests."),
  admin: defaulted(admin, {}, "Where operators and their tools look: health and metrics."),
  telemetry: defaulted(telemetry, {}, "What is measured, and where it is sent."),
  middleware: defaulted(middleware, [], "Hono middleware around every route; from TypeScript only."),
});

export const configSchema: Schema<Config> = transformed(written, (config, reading) => {
  const [only] = Object.keys(config.upstreams);
  if (config.routes.length > 0 || only === undefined) return config;
  return { ...config, routes: routes.read([{ upstream: escaped(only) }], reading) ?? [] };
});

/**
 * JSON Schema (draft 7) of what people write, with descriptions and defaults. It takes every config that the parser
 * takes, and refuses of the others those that an editor can be told of.
 */
export const jsonSchema = (): JsonSchema => ({
  $schema: "http://json-schema.org/draft-07/schema#",
  ...configSchema.json,
  title: "Fairlead config",
});
