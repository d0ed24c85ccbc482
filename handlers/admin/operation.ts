/** One call of the admin API: what it takes, what it answers and does. Routes and the OpenAPI document are made of these. */
import { ProxyError } from "../../src/core/errors.ts";
import { firstValue } from "../../src/http/headers.ts";
import { mediaTypeTest } from "../../src/http/media-type.ts";
import { showPath } from "../../src/config/problem.ts";
import { readBy } from "../../src/config/parse.ts";
import type { JsonSchema, Schema } from "../../src/config/schema/schema.ts";
import type { Actor, Control } from "../control.ts";
import type { AdminContext } from "./admin-env.ts";
import { refusal } from "./refusal.ts";

/** What a call is made with. */
export interface Call<Body = unknown, Query = unknown> {
  readonly c: AdminContext;
  readonly control: Control;
  readonly actor: Actor;
  readonly body: Body;
  readonly query: Query;
  /** Of the path. */
  readonly param: (name: string) => string;
}

export interface Operation {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** As OpenAPI writes it: `/api/upstreams/{upstream}`. */
  readonly path: string;
  /** Unique, for clients that are made from the document. */
  readonly id: string;
  /** One sentence. */
  readonly about: string;
  /** Sentences about the parameters of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Schema | undefined;
  /** Read as JSON; undefined where there is no content. */
  readonly body: Schema | undefined;
  /** JSON Schemas of answers by status; undefined is an answer without content. */
  readonly answers: Readonly<Record<number, JsonSchema | undefined>>;
  /** Of answers that are no failures. */
  readonly contentType: string;
  readonly run: (call: Call) => Promise<Response>;
}

type Parts<Body, Query> = Pick<Operation, "path" | "id" | "about" | "answers"> & {
  readonly params?: Operation["params"];
  /** @default application/json */
  readonly contentType?: string;
  readonly query?: Schema<Query>;
  readonly body?: Schema<Body>;
  readonly run: (call: Call<Body, Query>) => Promise<Response>;
};

type Define = <Body = undefined, Query = undefined>(parts: Parts<Body, Query>) => Operation;

const define =
  (method: Operation["method"]): Define =>
  ({ params = {}, contentType = "application/json", query, body, run, ...rest }) => ({
    ...rest,
    method,
    params,
    contentType,
    query,
    body,
    // The schemas have read what it is called with.
    run: run as Operation["run"],
  });

export const get: Define = define("GET");
export const put: Define = define("PUT");
export const post: Define = define("POST");
export const del: Define = define("DELETE");

/** Answers by `operation`: 400, 413 or 415 for what can't be read. */
export const respond = async (operation: Operation, control: Control, c: AdminContext): Promise<Response> => {
  const query = queryOf(operation.query, c);
  if (query instanceof Response) return query;
  const body = await bodyOf(operation.body, c);
  if (body instanceof Response) return body;
  return operation.run({
    c,
    control,
    actor: c.var.actor,
    body: body.value,
    query: query.value,
    param: (name) => c.req.param(name) ?? "",
  });
};

interface Read {
  readonly value: unknown;
}

const isJson = mediaTypeTest(["application/json"]);

/** JSON only, with its name: pages of other sites can't send that without asking first. */
const bodyOf = async (schema: Schema | undefined, c: AdminContext): Promise<Read | Response> => {
  if (schema === undefined) return { value: undefined };
  if (!isJson(firstValue(c.env.exchange.arrival.fields, "content-type"))) {
    return refusal(c, 415, "content is JSON, sent as application/json");
  }
  let value: unknown;
  try {
    value = JSON.parse(await c.req.text());
  } catch (error) {
    if (error instanceof ProxyError) throw error;
    return refusal(c, 400, "the content is no JSON; comments and trailing commas are for files");
  }
  if (depthOf(value) > MOST_DEPTH) return refusal(c, 400, "the content is nested too deeply");
  return readOrRefuse(schema, value, c);
};

const queryOf = (schema: Schema | undefined, c: AdminContext): Read | Response => {
  return schema === undefined ? { value: undefined } : readOrRefuse(schema, c.req.query(), c);
};

const readOrRefuse = (schema: Schema, value: unknown, c: AdminContext): Read | Response => {
  const { output, problems: found } = readBy(schema, value);
  if (output !== undefined) return { value: output };
  const problems = found.map(({ path, message }) => ({ path: showPath(path), message }));
  return refusal(c, 400, "the content is not what this call takes", { problems });
};

/** Deeper than any config is. */
const MOST_DEPTH = 64;

/** Levels of objects and lists; no more than `MOST_DEPTH + 1` of them are looked at. */
const depthOf = (value: unknown, depth = 0): number => {
  if (typeof value !== "object" || value === null || depth > MOST_DEPTH) return depth;
  let most = depth;
  for (const member of Object.values(value)) most = Math.max(most, depthOf(member, depth + 1));
  return most;
};
