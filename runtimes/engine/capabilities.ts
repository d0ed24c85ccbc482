/** What the engine can do: everything but what takes an edge network. */
import { CAPABILITIES, type Capability } from "../../src/core/capability.ts";

export const ENGINE_CAPABILITIES: ReadonlySet<Capability> = new Set(
  (Object.keys(CAPABILITIES) as Capability[]).filter((name) => name !== "client-region"),
);
