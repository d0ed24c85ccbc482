/** The admin app as a gateway: on a listener of its own, or below a path of another gateway. */
import { parseConfig } from "../src/config/parse.ts";
import type { Config } from "../src/config/types.ts";
import type { Exchange } from "../src/core/exchange.ts";
import type { Platform } from "../src/core/platform.ts";
import type { Layer } from "../src/core/service.ts";
import { type Gateway, buildGateway } from "../src/gateway.ts";
import { normaliseTarget } from "../src/http/target.ts";
import { replyOf } from "../src/web/reply.ts";
import { requestOf } from "../src/web/request.ts";
import { type AdminParts, adminApp } from "./admin.ts";
import type { Access } from "./admin/access.ts";

/** Larger than any config that people write. */
const MOST_BODY = "1MiB";

export interface AdminGatewayOptions {
  /** @default "" */
  readonly prefix?: string;
  /** Proxies that tell who the client is. @default none */
  readonly trustedProxies?: readonly string[];
}

/** Its requests are neither counted nor reported nor logged; what they change is. */
export const adminGateway = (
  platform: Platform,
  parts: AdminParts,
  { prefix = "", trustedProxies = [] }: AdminGatewayOptions = {},
): Gateway => {
  const app = adminApp(parts, platform, prefix);
  const layer: Layer = () => async (exchange: Exchange) => {
    const response = await app.fetch(requestOf(exchange).request, { exchange });
    return replyOf(response, exchange.arrival.method);
  };
  const config = parseConfig({
    listen: { limits: { connections: 100, bodyBytes: MOST_BODY }, trustedProxies },
    validation: { methods: ["GET", "PUT", "POST", "DELETE"], encodedSlash: "reject" },
    middleware: [app.fetch],
    routes: [{ respond: { status: 404 } }],
  });
  const quiet = { ...platform, telemetry: {}, logs: undefined };
  return buildGateway(config, quiet, { middlewareLayer: () => layer });
};

/** Who may call it, by the config. */
export const accessOf = ({ token, tokens, hosts }: Config["admin"], reach: Access["reach"]): Access => ({
  tokens: { ...(token !== undefined && { token }), ...tokens },
  hosts,
  reach,
});

/** `gateway`, with the admin app below `admin.path` where that is set: no route sees requests for it. */
export const withAdminPath = (
  gateway: Gateway,
  { admin: config, listen: { trustedProxies } }: Config,
  platform: Platform,
  parts: Omit<AdminParts, "gateway" | "access" | "hasOpenHealth">,
): Gateway => {
  const { path: prefix } = config;
  if (prefix === undefined) return gateway;
  const admin = adminGateway(
    platform,
    {
      ...parts,
      gateway: () => gateway,
      access: accessOf(config, { kind: "path" }),
      hasOpenHealth: false,
    },
    { prefix, trustedProxies },
  );
  const isBelow = (path: string): boolean => path === prefix || path.startsWith(`${prefix}/`);
  return {
    ...gateway,
    answer: (arrival, surroundings) =>
      (isBelow(pathOf(arrival.target)) ? admin : gateway).answer(arrival, surroundings),
  };
};

/** The path as routes would see it: another spelling of it is no other path. */
const pathOf = (target: string): string => {
  const mark = target.indexOf("?");
  const written = mark === -1 ? target : target.slice(0, mark);
  if (written.startsWith("/") && !ODD.test(written)) return written;
  const normal = normaliseTarget(written.replace(/^https?:\/\/[^/?#]*/i, ""));
  return normal.ok ? normal.path : written;
};

/** What may be spelt otherwise: escapes, and segments that begin with a dot. */
const ODD = /%|\/\./;
