/** Node as a platform. */
import type { Platform } from "../../src/core/platform.ts";
import type { FailureOptions } from "../../src/observe/failure-options.ts";
import { enginePlatform } from "../engine/platform.ts";
import { nodeServerRequest } from "./server-request.ts";

/** A platform of its own: its upstream connections are shared with no other. */
export const platform = (options: FailureOptions = {}): Platform =>
  enginePlatform(
    { name: "node", server: { server: nodeServerRequest }, fetch: { repeatsUnanswered: true } },
    options,
  );
