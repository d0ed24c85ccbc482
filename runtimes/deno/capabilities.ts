/**
 * What Deno can do. Not `unix-socket`: its `fetch` takes the socket for a proxy's and sends targets in absolute form. Not
 * `upstream-ca`: authorities are added to the built-in ones, where the config says instead of them.
 */
import type { Capability } from "../../src/core/capability.ts";

export const DENO_CAPABILITIES: ReadonlySet<Capability> = new Set<Capability>([
  "raw-host",
  "upstream-client-certificate",
  "body-idle-timeout",
  "pool-keep-alive",
  "peer-address",
  "header-section-over-16k",
  "graceful-drain",
]);
