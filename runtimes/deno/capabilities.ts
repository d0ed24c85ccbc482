/** What the engine can do on Deno. */
import type { Capability } from "../../src/core/capability.ts";
import { ENGINE_CAPABILITIES } from "../engine/capabilities.ts";

const MISSING: ReadonlySet<Capability> = new Set<Capability>([
  // Deno's TLS takes the list of cipher suites, and does not use it.
  "cipher-list",
  // It serves no certificate with a critical extension that it does not know, as an authority wants to see (RFC 8737 §3).
  "tls-alpn-challenge",
  // It goes on reading on a paused connection.
  "tls-pause",
  // What a worker has open that is terminated while its code runs stays open until the process ends.
  "thread-sockets",
]);

export const DENO_CAPABILITIES: ReadonlySet<Capability> = ENGINE_CAPABILITIES.difference(MISSING);
