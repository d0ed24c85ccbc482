/** What each runtime can do, known without running on it. */
import type { Capability } from "../src/core/capability.ts";
import { BUN_CAPABILITIES } from "../runtimes/bun/capabilities.ts";
import { DENO_CAPABILITIES } from "../runtimes/deno/capabilities.ts";
import { ENGINE_CAPABILITIES } from "../runtimes/engine/capabilities.ts";
import { WORKERS_CAPABILITIES } from "../runtimes/workers/capabilities.ts";

/** A runtime by its name and capabilities. */
export interface RuntimeProfile {
  readonly name: string;
  readonly capabilities: ReadonlySet<Capability>;
}

export type RuntimeName = "node" | "deno" | "bun" | "workers";

/** By the name that `--runtime` takes. */
export const RUNTIME_PROFILES: Readonly<Record<RuntimeName, RuntimeProfile>> = {
  node: { name: "node", capabilities: ENGINE_CAPABILITIES },
  deno: { name: "deno", capabilities: DENO_CAPABILITIES },
  bun: { name: "bun", capabilities: BUN_CAPABILITIES },
  workers: { name: "workers", capabilities: WORKERS_CAPABILITIES },
};

/** The runtime of that name; undefined where there is none. */
export const runtimeProfile = (name: string): RuntimeProfile | undefined =>
  Object.values(RUNTIME_PROFILES).find((profile) => profile.name === name);
