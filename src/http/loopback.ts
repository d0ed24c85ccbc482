/** Hosts that mean this machine, wherever they are looked up. */
import { normaliseAddress } from "./address.ts";

/** Whether `host`, lower-case and without a port, is `localhost`, a name below it (RFC 6761 §6.3), or a loopback address. */
export const isLoopbackHost = (host: string): boolean => {
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  const address = normaliseAddress(host);
  return address !== undefined && (address === "::1" || address.startsWith("127."));
};
