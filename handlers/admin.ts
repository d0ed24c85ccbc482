/**
 * The app for operators and their tools: health, metrics, state, changes by hand, config, looks into the process, and the
 * dashboard. All but health pages and the dashboard's files is behind one guard.
 */
import { type MiddlewareHandler, Hono } from "hono";
import type { Platform } from "../src/core/platform.ts";
import { problemFor } from "../middleware/error-boundary.ts";
import { type Access, accessGuard, admit } from "./admin/access.ts";
import { ACTION_OPERATIONS } from "./admin/action-operations.ts";
import type { AdminEnv } from "./admin/admin-env.ts";
import { CONFIG_OPERATIONS } from "./admin/config-operations.ts";
import { debugOperations } from "./admin/debug-operations.ts";
import { type HealthParts, OPEN_PATHS, healthOperations } from "./admin/health-operations.ts";
import { openApiOf } from "./admin/openapi.ts";
import { type Operation, get } from "./admin/operation.ts";
import { refusal } from "./admin/refusal.ts";
import { operationsApp } from "./admin/serve-operations.ts";
import { STATE_OPERATIONS } from "./admin/state-operations.ts";
import type { Control } from "./control.ts";
import type { DashboardApps } from "./dashboard/dashboard.ts";

export interface AdminParts extends HealthParts {
  readonly control: Control;
  readonly access: Access;
  /** Whether /livez and /readyz answer anybody. */
  readonly hasOpenHealth: boolean;
  /** Served at the root. @default none */
  readonly dashboard?: DashboardApps | undefined;
}

/** Serves all of it below `prefix`, "" for the root. `platform` is what /debug looks into. */
export const adminApp = (parts: AdminParts, platform: Platform, prefix = ""): Hono<AdminEnv> => {
  const { control, access, hasOpenHealth, dashboard } = parts;
  const health = healthOperations(parts);
  const debug = debugOperations({
    platform,
    isOwnListener: access.reach.kind !== "path",
    emit: (event) => void parts.gateway().events.emit(event),
  });
  const all = withDocument(
    [...health, ...STATE_OPERATIONS, ...ACTION_OPERATIONS, ...CONFIG_OPERATIONS, ...debug],
    { prefix, needsToken: Object.keys(access.tokens).length > 0 },
  );
  const app = new Hono<AdminEnv>();
  app.onError((error, c) => problemFor(c, error));
  app.notFound((c) => refusal(c, 404, "nothing is served at this path"));
  app.use(neverStored);
  if (hasOpenHealth) {
    const open = health.filter(({ path }) => OPEN_PATHS.has(path));
    for (const { path } of open) app.use(`${prefix}${path}`, knownActor(access));
    app.route(prefix, operationsApp(open, control));
  }
  if (dashboard !== undefined) app.route("/", dashboard.page);
  app.use(accessGuard(access));
  if (dashboard !== undefined) app.route("/", dashboard.stream);
  app.route(prefix, operationsApp(all, control));
  return app;
};

/** `operations`, and one that describes them all. */
const withDocument = (
  operations: readonly Operation[],
  options: Parameters<typeof openApiOf>[1],
): readonly Operation[] => {
  const all: Operation[] = [...operations];
  all.push(
    get({
      path: "/openapi.json",
      id: "getOpenApi",
      about: "This document.",
      answers: { 200: { type: "object" } },
      run: async ({ c }) => c.json(openApiOf(all, options)),
    }),
  );
  return all;
};

/** Lets every request through, and sets `actor` for those that `accessGuard` would let through. */
const knownActor =
  (access: Access): MiddlewareHandler<AdminEnv> =>
  async (c, next) => {
    const admitted = admit(c, access);
    if (!(admitted instanceof Response)) c.set("actor", admitted);
    await next();
  };

const neverStored: MiddlewareHandler = async (c, next) => {
  await next();
  c.header("cache-control", "no-store");
};
