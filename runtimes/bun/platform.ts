/** Bun as a platform. */
import type { Platform } from "../../src/core/platform.ts";
import type { FailureOptions } from "../../src/observe/failure-options.ts";
import { enginePlatform } from "../engine/platform.ts";
import { BUN_CAPABILITIES } from "./capabilities.ts";
import { bunServerRequest } from "./server-request.ts";

/** A platform of its own: its upstream connections are shared with no other. */
export const platform = (options: FailureOptions = {}): Platform =>
  enginePlatform(
    { name: "bun", capabilities: BUN_CAPABILITIES, server: { server: bunServerRequest } },
    options,
  );
