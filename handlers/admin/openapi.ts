/** The OpenAPI document of the admin API, made from its operations. */
import type { JsonSchema, Schema, Setting } from "../../src/config/schema/schema.ts";
import { VERSION } from "../../src/version.ts";
import { ANSWER_SCHEMAS, schemaRef } from "./answer-schemas.ts";
import type { Operation } from "./operation.ts";

export interface DocumentOptions {
  /** Path that all paths are below; "" for none. */
  readonly prefix: string;
  readonly needsToken: boolean;
}

const JSON_TYPE = "application/json";

/** OpenAPI 3.1. */
export const openApiOf = (operations: readonly Operation[], options: DocumentOptions): JsonSchema => {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const operation of operations) {
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = operationOf(operation, options);
  }
  const security = options.needsToken ? [{ token: [] }] : [];
  return {
    openapi: "3.1.0",
    info: {
      title: "Fairlead admin API",
      version: VERSION,
      description: "State and control of a running proxy. Failures are problems (RFC 9457).",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: options.prefix === "" ? "/" : options.prefix }],
    security,
    paths,
    components: {
      schemas: ANSWER_SCHEMAS,
      ...(options.needsToken && {
        securitySchemes: { token: { type: "http", scheme: "bearer", description: "`admin.token`." } },
      }),
    },
  };
};

const operationOf = (operation: Operation, { needsToken }: DocumentOptions): JsonSchema => {
  const { id, about, body, answers, contentType } = operation;
  const responses: Record<string, JsonSchema> = {};
  for (const [status, schema] of Object.entries(answers)) {
    const isProblem = Number(status) >= 400 && contentType === JSON_TYPE;
    responses[status] = responseOf(
      Number(status),
      schema,
      isProblem ? "application/problem+json" : contentType,
    );
  }
  const refusals = needsToken ? [401, 403, 421] : [403, 421];
  for (const status of [...refusals, ...(body === undefined ? [] : [413, 415])]) {
    responses[status] ??= responseOf(status, schemaRef("Problem"), "application/problem+json");
  }
  const parameters = parametersOf(operation);
  return {
    operationId: id,
    summary: about,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { [JSON_TYPE]: { schema: body.json } } },
    }),
    responses,
  };
};

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  200: "Done.",
  400: "The request is not what this call takes.",
  401: "The token is missing or wrong.",
  403: "Sent for a page of another site, or by a proxy without a token.",
  404: "Nothing has this name.",
  409: "It can't do that.",
  413: "The content is too large.",
  415: "The content is not JSON.",
  421: "The host is not served here.",
  422: "The config has problems.",
  503: "The proxy drains.",
};

const responseOf = (status: number, schema: JsonSchema | undefined, contentType: string): JsonSchema => ({
  description: DESCRIPTIONS[status] ?? "Failed.",
  ...(schema !== undefined && { content: { [contentType]: { schema } } }),
});

const parametersOf = ({ params, query }: Operation): readonly JsonSchema[] => [
  ...Object.entries(params).map(([name, description]) => ({
    name,
    in: "path",
    required: true,
    description,
    schema: { type: "string" },
  })),
  ...Object.entries(settingsOf(query)).map(([name, { schema, about, isRequired, default: value }]) => ({
    name,
    in: "query",
    required: isRequired,
    description: about,
    schema: value === undefined ? schema.json : { ...schema.json, default: value },
  })),
];

const settingsOf = (schema: Schema | undefined): Readonly<Record<string, Setting>> => schema?.settings ?? {};
