/** What a config says of one socket. */
import type { FurtherListener } from "../../../src/config/types.ts";
import type { Gateway } from "../../../src/gateway.ts";
import type { TlsChallenges } from "../acme/challenge-board.ts";
import type { ServedTls } from "./served-tls.ts";

/** A socket to open, and who answers there. */
export interface Entrance extends Pick<FurtherListener, "host" | "proxyProtocol" | "socket" | "socketMode"> {
  /** Plain HTTP where there is none. */
  readonly tls: ServedTls | undefined;
  /** Challenges of an authority that are answered here by TLS. */
  readonly challenges?: TlsChallenges | undefined;
  /** Where there is no `socket`. */
  readonly port: number;
  /** Its place in the config: `listen`, `listen.also.0`, `admin`. */
  readonly name: string;
  /** Host to bind where there is no such address as `host`. */
  readonly fallbackHost: string | undefined;
  /** Whether sockets of other threads share the port. @default false */
  readonly reusePort?: boolean | undefined;
  readonly gateway: Gateway;
  /** What it is for, as the admin API shows it. */
  readonly role: "traffic" | "redirect" | "admin";
}

/** Entrances with equal keys can use the same socket, one after the other. */
export const entranceKey = ({ host, port, socket }: Pick<Entrance, "host" | "port" | "socket">): string =>
  socket ?? `${host} ${port}`;
