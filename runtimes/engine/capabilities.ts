/** What the engine can do: everything. */
import { CAPABILITIES, type Capability } from "../../src/core/capability.ts";

export const ENGINE_CAPABILITIES: ReadonlySet<Capability> = new Set(
  Object.keys(CAPABILITIES) as Capability[],
);
