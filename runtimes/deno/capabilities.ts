/** What the engine can do on Deno. */
import type { Capability } from "../../src/core/capability.ts";
import { ENGINE_CAPABILITIES } from "../engine/capabilities.ts";

/**
 * Deno's TLS takes the list of cipher suites and does not use it, and goes on reading on a paused connection. It serves no
 * certificate with a critical extension that it does not know, which is what an authority looks for (RFC 8737 §3). What a worker has
 * open that is terminated while its code runs stays open for as long as the process.
 */
const MISSING: readonly Capability[] = ["cipher-list", "tls-alpn-challenge", "thread-sockets", "tls-pause"];

export const DENO_CAPABILITIES: ReadonlySet<Capability> = new Set(
  [...ENGINE_CAPABILITIES].filter((name) => !MISSING.includes(name)),
);
