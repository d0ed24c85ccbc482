/** Which requests ask for another protocol on their connection (RFC 9110 §7.8). */
import type { RequestHead } from "../core/arrival.ts";
import { isTunnelProtocol } from "../http/tunnel-protocol.ts";

/**
 * The protocol that the client asks to switch to, if `allowed` (lower-case names) has it: the only one it offers, in HTTP/1.1,
 * on a request without content. Any other offer is ignored, as RFC 9110 lets a server do.
 */
export const upgradeOf = (
  { method, version, notes }: RequestHead,
  allowed: ReadonlySet<string>,
): string | undefined => {
  const { upgrade } = notes;
  if (upgrade === undefined || allowed.size === 0) return undefined;
  // Runtimes that report no version leave `Connection` out of the fields too.
  const isOffered = version === undefined || (version === "1.1" && notes.connectionUpgrade);
  if (!isOffered || notes.chunked || (notes.contentLength ?? 0) > 0) return undefined;
  const protocol = upgrade.toLowerCase();
  if (!allowed.has(protocol) || !isTunnelProtocol(protocol)) return undefined;
  // RFC 6455 §4.1
  return protocol === "websocket" && method !== "GET" ? undefined : upgrade;
};
