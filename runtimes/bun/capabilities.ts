/** What the engine can do on Bun. */
import type { Capability } from "../../src/core/capability.ts";
import { ENGINE_CAPABILITIES } from "../engine/capabilities.ts";

const MISSING: ReadonlySet<Capability> = new Set<Capability>([
  // Bun lists none, whatever is open.
  "active-resources",
  // Workers accept `resourceLimits`, and ignore them.
  "thread-memory",
]);

export const BUN_CAPABILITIES: ReadonlySet<Capability> = ENGINE_CAPABILITIES.difference(MISSING);
