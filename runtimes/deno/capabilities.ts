/** What Deno can do. */
import type { Capability } from "../../src/core/capability.ts";

export const DENO_CAPABILITIES: ReadonlySet<Capability> = new Set<Capability>([
  "raw-host",
  "unix-socket",
  "upstream-ca",
  "upstream-client-certificate",
  "body-idle-timeout",
  "pool-keep-alive",
  "peer-address",
  "header-section-over-16k",
  "graceful-drain",
]);
