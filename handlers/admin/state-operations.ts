/** Calls that look and change nothing. */
import { choice, plainText, wholeNumber } from "./plain-schemas.ts";
import { defaulted, object, optional, required } from "../../src/config/schema/object.ts";
import { listOf } from "../../src/config/schema/collections.ts";
import type { Schema } from "../../src/config/schema/schema.ts";
import { type ConnectionQuery, type ExplainRequest, MOST_CONNECTIONS } from "../control.ts";
import { FAILURES, ROUTES, UPSTREAMS, schemaRef } from "./answer-schemas.ts";
import { type Operation, get, post } from "./operation.ts";
import { refusal } from "./refusal.ts";

type PageQuery = Omit<ConnectionQuery, "tunnels"> & { readonly tunnels?: "true" | "false" | undefined };

const pageQuery: Schema<PageQuery> = object("", {
  after: optional(plainText("the id of a connection"), "Those after this one: `next` of the page before."),
  limit: defaulted(wholeNumber(1, MOST_CONNECTIONS), 100, "Most connections of the page."),
  tunnels: optional(choice("true", "false"), "`true` for tunnels alone."),
});

interface WrittenRequest extends Omit<ExplainRequest, "headers"> {
  readonly headers?: readonly { readonly name: string; readonly value: string }[] | undefined;
}

const explainRequest: Schema<WrittenRequest> = object("", {
  method: defaulted(plainText("a method"), "GET", "Its method."),
  url: required(plainText("a whole URL"), "Whole, as in `https://example.com/path`."),
  headers: optional(
    listOf(
      "a list of header fields",
      object<{ readonly name: string; readonly value: string }>("", {
        name: required(plainText("a name"), "Its name."),
        value: required(
          plainText("a text", () => true, {}),
          "Its value.",
        ),
      }),
    ),
    "Its header fields; `Host` is made from the URL where it is left out.",
  ),
  from: optional(plainText("an IP address"), "Address of the client; `127.0.0.1` unless set."),
});

export const STATE_OPERATIONS: readonly Operation[] = [
  get({
    path: "/api/state",
    id: "getState",
    about: "Everything: process, config, connections, traffic, routes, upstreams and endpoints.",
    answers: { 200: schemaRef("Snapshot") },
    run: async ({ c, control }) => c.json(await control.snapshot()),
  }),
  get({
    path: "/api/routes",
    id: "getRoutes",
    about: "Routes with their traffic.",
    answers: { 200: ROUTES },
    run: async ({ c, control }) => c.json((await control.snapshot()).routes),
  }),
  get({
    path: "/api/upstreams",
    id: "getUpstreams",
    about: "Upstreams with their endpoints.",
    answers: { 200: UPSTREAMS },
    run: async ({ c, control }) => c.json((await control.snapshot()).upstreams),
  }),
  get({
    path: "/api/upstreams/{upstream}",
    id: "getUpstream",
    about: "One upstream with its endpoints.",
    params: { upstream: "Its name." },
    answers: { 200: schemaRef("Upstream"), 404: schemaRef("Problem") },
    async run({ c, control, param }) {
      const { upstreams } = await control.snapshot();
      const found = upstreams.find(({ name }) => name === param("upstream"));
      return found === undefined ? refusal(c, 404, "there is no upstream of this name") : c.json(found);
    },
  }),
  get({
    path: "/api/failures",
    id: "getFailures",
    about: "The last failed requests, newest first.",
    answers: { 200: FAILURES },
    run: async ({ c, control }) => c.json(await control.failures()),
  }),
  get({
    path: "/api/connections",
    id: "getConnections",
    about: "Client connections, oldest first, in pages.",
    query: pageQuery,
    answers: { 200: schemaRef("ConnectionPage"), 400: schemaRef("Problem") },
    run: async ({ c, control, query: { tunnels, ...query } }) =>
      c.json(await control.connections({ ...query, tunnels: tunnels === "true" })),
  }),
  post({
    path: "/explain",
    id: "explain",
    about: "What would become of a request now, and why. Nothing is sent.",
    body: explainRequest,
    answers: { 200: schemaRef("Explanation"), 400: schemaRef("Problem") },
    async run({ c, control, body: { headers = [], ...request } }) {
      const fields = headers.map(({ name, value }) => [name, value] as const);
      const result = await control.explain({ ...request, headers: fields });
      return result.ok ? c.json(result.explanation) : refusal(c, 400, result.message);
    },
  }),
];
