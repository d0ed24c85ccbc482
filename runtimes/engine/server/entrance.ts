/** What a config says of one socket. */
import type { ListenConfig } from "../../../src/config/types.ts";
import type { Gateway } from "../../../src/gateway.ts";

/** A socket to open, and who answers there. */
export interface Entrance extends Pick<ListenConfig, "host" | "port" | "tls"> {
  /** Host to bind where there is no such address as `host`. */
  readonly fallbackHost: string | undefined;
  readonly gateway: Gateway;
}

/** Entrances with equal keys can use the same socket, one after the other. */
export const entranceKey = ({ host, port }: Pick<Entrance, "host" | "port">): string => `${host} ${port}`;
