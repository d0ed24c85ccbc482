/** The admin app as a gateway: on a listener of its own, or below a path of another gateway. */
import { parseConfig } from "../src/config/parse.ts";
import type { Config } from "../src/config/types.ts";
import type { Platform } from "../src/core/platform.ts";
import { type Gateway, buildGateway } from "../src/gateway.ts";
import { type AdminParts, adminApp } from "./admin.ts";
import { debugApp } from "./debug.ts";
import { middlewareLayer } from "./middleware-layer.ts";

/** Its requests are neither counted nor reported nor logged. */
export const adminGateway = (platform: Platform, parts: AdminParts, prefix = ""): Gateway => {
  const debug = debugApp({
    platform,
    isOwnListener: prefix === "",
    audit: (_, message) =>
      void parts.gateway().events.emit({ category: "admin", level: "info", message, facts: {} }),
  });
  const app = adminApp({ ...parts, debug }, prefix);
  const config = parseConfig({
    listen: { limits: { connections: 100 } },
    validation: { methods: ["GET", "PUT", "POST"] },
    middleware: [(c: { readonly req: { readonly raw: Request } }) => app.fetch(c.req.raw)],
    routes: [{ respond: { status: 404 } }],
  });
  return buildGateway(config, { ...platform, telemetry: {}, logs: undefined }, { middlewareLayer });
};

/** `gateway`, with the admin app below `admin.path` where that is set: no route sees requests for it. */
export const withAdminPath = (
  gateway: Gateway,
  { admin: { path: prefix, token } }: Config,
  platform: Platform,
  parts: Pick<AdminParts, "lifecycle" | "metrics" | "resource">,
): Gateway => {
  if (prefix === undefined) return gateway;
  const admin = adminGateway(
    platform,
    { ...parts, gateway: () => gateway, token, hasOpenHealth: false },
    prefix,
  );
  const isBelow = (target: string): boolean =>
    target.startsWith(prefix) &&
    (target.length === prefix.length || "/?".includes(target.charAt(prefix.length)));
  return {
    ...gateway,
    answer: (arrival, surroundings) =>
      (isBelow(arrival.target) ? admin : gateway).answer(arrival, surroundings),
  };
};
