/** What the engine can do on Deno. */
import type { Capability } from "../../src/core/capability.ts";
import { ENGINE_CAPABILITIES } from "../engine/capabilities.ts";

/** Deno's TLS takes the list of cipher suites and does not use it. */
export const DENO_CAPABILITIES: ReadonlySet<Capability> = new Set(
  [...ENGINE_CAPABILITIES].filter((name) => name !== "cipher-list"),
);
