/** Deno as a platform. */
import { Socket } from "node:net";
import type { Platform } from "../../src/core/platform.ts";
import type { FailureOptions } from "../../src/observe/failure-options.ts";
import { enginePlatform } from "../engine/platform.ts";
import { DENO_CAPABILITIES } from "./capabilities.ts";
import { inspectTlsForDeno } from "./inspect-tls.ts";
import { denoServerRequest } from "./server-request.ts";

/** A platform of its own: its upstream connections are shared with no other. */
export const platform = (options: FailureOptions = {}): Platform =>
  enginePlatform(
    {
      name: "deno",
      capabilities: DENO_CAPABILITIES,
      server: { server: denoServerRequest, urlTellsAuthority: true },
      logSocket: (fd) => new Socket({ fd, readable: false, writable: true }).unref(),
      inspectTls: inspectTlsForDeno,
    },
    options,
  );
