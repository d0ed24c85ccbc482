/** What each runtime says it can do. */
import { BUN_CAPABILITIES } from "../../runtimes/bun/capabilities.ts";
import { DENO_CAPABILITIES } from "../../runtimes/deno/capabilities.ts";
import { ENGINE_CAPABILITIES } from "../../runtimes/engine/capabilities.ts";
import { WORKERS_CAPABILITIES } from "../../runtimes/workers/capabilities.ts";
import type { Capability } from "../../src/core/capability.ts";
import type { RuntimeName } from "./runtimes.ts";

export const CAPABILITIES_OF: Readonly<Record<RuntimeName, ReadonlySet<Capability>>> = {
  node: ENGINE_CAPABILITIES,
  deno: DENO_CAPABILITIES,
  bun: BUN_CAPABILITIES,
  workerd: WORKERS_CAPABILITIES,
};
