/** The shape everything after routing has. */
import type { Exchange } from "./exchange.ts";
import type { Reply } from "./reply.ts";

/** Answers an exchange. Rejects only with `ProxyError`. */
export type Service = (exchange: Exchange) => Promise<Reply>;

/** Wraps a service. May call `next` any number of times, which Hono's `next()` can't. */
export type Layer = (next: Service) => Service;

/** Composes layers around a service; the first layer is the outermost. */
export const stack =
  (layers: readonly Layer[]): Layer =>
  (service) =>
    layers.reduceRight((next, layer) => layer(next), service);

/** A layer, and how `explain` shows it. */
export interface NamedLayer {
  readonly name: string;
  readonly layer: Layer;
}
