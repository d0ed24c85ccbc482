/** What Cloudflare Workers can do. */
import type { Capability } from "../../src/core/capability.ts";

export const WORKERS_CAPABILITIES: ReadonlySet<Capability> = new Set<Capability>([
  "peer-address",
  "client-region",
]);
