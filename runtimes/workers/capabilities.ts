/** What Cloudflare Workers can do. */
import type { Capability } from "../../src/core/capability.ts";

export const WORKERS_CAPABILITIES: ReadonlySet<Capability> = new Set<Capability>([
  "body-idle-timeout",
  "peer-address",
  "header-section-over-16k",
  "header-section-over-64k",
]);
