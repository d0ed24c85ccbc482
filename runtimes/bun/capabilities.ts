/** What Bun can do. */
import type { Capability } from "../../src/core/capability.ts";

export const BUN_CAPABILITIES: ReadonlySet<Capability> = new Set<Capability>([
  "raw-host",
  "unix-socket",
  "upstream-ca",
  "upstream-server-name",
  "upstream-client-certificate",
  "upstream-no-verify",
  "body-idle-timeout",
  "peer-address",
  "client-keep-alive-timeout",
  "graceful-drain",
]);
