/** What the engine can do on Bun. */
import type { Capability } from "../../src/core/capability.ts";
import { ENGINE_CAPABILITIES } from "../engine/capabilities.ts";

/** Bun lists no active resources, whatever is open. */
export const BUN_CAPABILITIES: ReadonlySet<Capability> = new Set(
  [...ENGINE_CAPABILITIES].filter((name) => name !== "active-resources"),
);
