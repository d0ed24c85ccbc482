/** Calls that change the state of endpoints, breakers, checks, log levels and connections. */
import { object, optional, required } from "../../src/config/schema/object.ts";
import type { JsonSchema, Schema } from "../../src/config/schema/schema.ts";
import { LOG_THRESHOLDS, type LogThreshold } from "../../src/observe/event-log.ts";
import type { Action, EndpointName } from "../control.ts";
import { schemaRef } from "./answer-schemas.ts";
import { type Call, type Operation, del, post, put } from "./operation.ts";
import { choice, plainText, wholeNumber, wholeOrNull } from "./plain-schemas.ts";
import { refusal } from "./refusal.ts";

const MOST_WEIGHT = 1_000_000;

const upstream = required(plainText("the name of an upstream"), "Name of the upstream.");
const ADDRESS = "Its `address`, as `/api/upstreams` shows it.";
const endpoint = required(plainText("the address of an endpoint"), ADDRESS);

const endpointName: Schema<EndpointName> = object("", { upstream, endpoint });

const weighted: Schema<EndpointName & { readonly weight: number | null }> = object("", {
  upstream,
  endpoint,
  weight: required(
    wholeOrNull(0, MOST_WEIGHT),
    "Share of new traffic relative to its siblings; null is the configured one again.",
  ),
});

const checked: Schema<{ readonly upstream: string; readonly endpoint?: string | undefined }> = object("", {
  upstream,
  endpoint: optional(plainText("the address of an endpoint"), `${ADDRESS} All of the upstream unless set.`),
});

const leveled: Schema<{ readonly level: LogThreshold }> = object("", {
  level: required(choice(...LOG_THRESHOLDS), "Least level that is written."),
});

const MOST_UPGRADE_SECONDS = 3_600;

const upgraded: Schema<{ readonly seconds?: number | undefined }> = object("", {
  seconds: optional(
    wholeNumber(1, MOST_UPGRADE_SECONDS),
    "How long the new process may take until it serves; 60 unless set. Behind that it is ended, and the old one goes on.",
  ),
});

const ANSWERS: Readonly<Record<number, JsonSchema>> = {
  200: schemaRef("Done"),
  400: schemaRef("Problem"),
  404: schemaRef("Problem"),
  409: schemaRef("Problem"),
};

const STATUS = { unknown: 404, impossible: 409, failed: 502 } as const;

const perform = async ({ c, control, actor }: Call, action: Action): Promise<Response> => {
  const result = await control.act(action, actor);
  return result.ok ? c.json({ message: result.message }) : refusal(c, STATUS[result.reason], result.message);
};

export const ACTION_OPERATIONS: readonly Operation[] = [
  post({
    path: "/api/endpoints/drain",
    id: "drainEndpoint",
    about: "Sends no new requests to an endpoint; those in flight finish. Reloads don't change that.",
    body: endpointName,
    answers: ANSWERS,
    run: (call) => perform(call, { kind: "drain", ...call.body }),
  }),
  post({
    path: "/api/endpoints/enable",
    id: "enableEndpoint",
    about: "Ends a drain: the endpoint starts slowly, where its upstream has a slow start.",
    body: endpointName,
    answers: ANSWERS,
    run: (call) => perform(call, { kind: "enable", ...call.body }),
  }),
  put({
    path: "/api/endpoints/weight",
    id: "setEndpointWeight",
    about: "Sets the weight of an endpoint in place of the configured one. Reloads don't change that.",
    body: weighted,
    answers: ANSWERS,
    run: (call) => perform(call, { kind: "weight", ...call.body }),
  }),
  ...(["open", "close", "reset"] as const).map((to) =>
    post({
      path: `/api/breakers/${to}`,
      id: `${to}Breaker`,
      about: {
        open: "Opens an endpoint's circuit breaker, until it is closed or reset by hand.",
        close: "Closes an endpoint's circuit breaker: it gets traffic again. The next opening lasts longer.",
        reset: "Makes an endpoint's circuit breaker as new.",
      }[to],
      body: endpointName,
      answers: ANSWERS,
      run: (call) => perform(call, { kind: "breaker", to, ...call.body }),
    }),
  ),
  post({
    path: "/api/health/check",
    id: "checkHealth",
    about: "Checks endpoints now, and answers when the results are there.",
    body: checked,
    answers: ANSWERS,
    run: (call) => perform(call, { kind: "check-health", ...call.body }),
  }),
  put({
    path: "/log/levels/{category}",
    id: "setLogLevel",
    about: "Sets the level of a category of the log and of those below it, until the next start or reload.",
    params: { category: "Its name; `all` is every category that has no level of its own." },
    body: leveled,
    answers: ANSWERS,
    run(call) {
      const category = call.param("category");
      if (!/^[a-z]+(?:\.[a-z]+)*$/.test(category)) {
        return Promise.resolve(
          refusal(call.c, 404, "categories are lower-case words with dots between them"),
        );
      }
      return perform(call, {
        kind: "log-level",
        category: category === "all" ? "" : category,
        level: call.body.level,
      });
    },
  }),
  del({
    path: "/api/connections/{id}",
    id: "closeConnection",
    about: "Closes a client connection: a WebSocket with a Close frame, any other at once.",
    params: { id: "Its `id`, as `/api/connections` shows it." },
    answers: ANSWERS,
    run: (call) => perform(call, { kind: "close-connection", id: call.param("id") }),
  }),
  post({
    path: "/api/upgrade",
    id: "upgrade",
    about:
      "Starts the command line of this process once more, with its listening sockets; answers when the new process serves, or why this one goes on.",
    body: upgraded,
    answers: { ...ANSWERS, 502: schemaRef("Problem") },
    run(call) {
      const { seconds } = call.body;
      return perform(call, {
        kind: "upgrade",
        timeoutMs: seconds === undefined ? undefined : seconds * 1_000,
      });
    },
  }),
];
