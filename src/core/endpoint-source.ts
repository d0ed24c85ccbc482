/** The port of discovery: where the endpoints of an upstream come from. */
import type { Endpoint } from "./endpoint.ts";

/** An endpoint as a source names it. */
export interface FoundEndpoint {
  /** `http://host:port` or `https://host:port`, with a base path where the source gives one. */
  readonly url: string;
  /** @default 1 */
  readonly weight?: number | undefined;
  /** @default 0 */
  readonly priority?: number | undefined;
  readonly zone?: string | undefined;
  readonly region?: string | undefined;
  /** Name that the address was found under: goes into `Host`, SNI and the certificate's check. */
  readonly name?: string | undefined;
}

/** What a source has found out. */
export type SourceUpdate =
  | { readonly kind: "found"; readonly endpoints: readonly FoundEndpoint[] }
  /** It could not be asked; `reason` is one phrase for operators. */
  | { readonly kind: "failed"; readonly reason: string };

export type SourceListener = (update: SourceUpdate) => void;

/**
 * MUST report once soon after `start`, and again whenever the list may have changed; unchanged lists may be reported again. MUST
 * go on after a failure, less often at first. After `stop` it reports nothing and holds no timer. Never throws.
 */
export interface EndpointSource {
  /** How it is called in messages. */
  readonly name: string;
  /** Whether another thread asks the real source, and reports changes. @default false */
  readonly isFollower?: boolean | undefined;
  /** Called once. */
  start(listener: SourceListener): void;
  stop(): void;
}

/** Where a config says that the endpoints come from. */
export type DiscoveryOrder =
  /** Each address of a name; each target of a service where `port` is undefined. */
  | {
      readonly kind: "dns";
      readonly name: string;
      readonly scheme: "http" | "https";
      readonly port: number | undefined;
      /** Addresses of name servers, with or without a port; the system's where undefined. */
      readonly servers: readonly string[] | undefined;
    }
  | { readonly kind: "file"; readonly path: string }
  /** `server` has no path; `fields` are names and values in turn. */
  | {
      readonly kind: "http";
      readonly server: Endpoint;
      readonly target: string;
      readonly fields: readonly string[];
      readonly intervalMs: number;
    }
  | {
      readonly kind: "kubernetes";
      readonly server: Endpoint;
      readonly namespace: string;
      readonly service: string;
      readonly scheme: "http" | "https";
      readonly port: string | undefined;
      readonly tokenFile: string | undefined;
    };

/** The port to a runtime's ways of finding endpoints. */
export type Discover = (order: DiscoveryOrder) => EndpointSource;
