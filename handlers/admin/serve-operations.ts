/** Operations as routes of an app. */
import { Hono } from "hono";
import type { Control } from "../control.ts";
import type { AdminEnv } from "./admin-env.ts";
import { type Operation, respond } from "./operation.ts";
import { refusal } from "./refusal.ts";

/** An app that answers `operations`, and 405 with `Allow` for their paths with other methods. */
export const operationsApp = (operations: readonly Operation[], control: Control): Hono<AdminEnv> => {
  const app = new Hono<AdminEnv>();
  const methods = new Map<string, string[]>();
  for (const operation of operations) {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, ":$1");
    const known = methods.get(path);
    if (known === undefined) methods.set(path, [operation.method]);
    else known.push(operation.method);
    app.on(operation.method, path, (c) => respond(operation, control, c));
  }
  for (const [path, taken] of methods) {
    const allow = taken.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
    app.all(path, (c) => {
      c.header("allow", allow);
      return refusal(c, 405, `${c.req.method} is not for this path`);
    });
  }
  return app;
};
