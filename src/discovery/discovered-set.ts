/** Turns what a source reports into changes of an upstream. */
import type { EndpointSource, FoundEndpoint, SourceUpdate } from "../core/endpoint-source.ts";

export interface DiscoveryEvent {
  readonly result: "changed" | "kept";
  readonly reason: string;
}

export interface DiscoveryParts {
  readonly source: EndpointSource;
  /** Called with each list that differs from the one before. */
  readonly apply: (endpoints: readonly FoundEndpoint[]) => void;
  readonly onEvent?: ((event: DiscoveryEvent) => void) | undefined;
}

/**
 * When a source fails or lists no endpoint, the last good list is kept, and an event is reported: an empty list is more likely a
 * mistake than the truth.
 */
export class DiscoveredSet {
  readonly #parts: DiscoveryParts;
  #current = "";
  #lastReason: string | undefined;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.source.start((update) => this.#take(update));
  }

  stop(): void {
    this.#parts.source.stop();
  }

  #take(update: SourceUpdate): void {
    const { source, apply } = this.#parts;
    if (update.kind === "failed") {
      this.#keep(`${source.name}: ${update.reason}`);
      return;
    }
    const endpoints = unique(update.endpoints);
    if (endpoints.length === 0) {
      this.#keep(`${source.name} lists no endpoint`);
      return;
    }
    if (endpoints.every(({ weight }) => weight === 0)) {
      this.#keep(`${source.name} lists endpoints of weight 0 only`);
      return;
    }
    this.#lastReason = undefined;
    const text = JSON.stringify(endpoints);
    if (text === this.#current) return;
    apply(endpoints);
    this.#current = text;
    this.#report({ result: "changed", reason: `${source.name} lists ${endpoints.length}` });
  }

  /** Reports the same reason only once in a row. */
  #keep(reason: string): void {
    if (reason === this.#lastReason) return;
    this.#lastReason = reason;
    this.#report({ result: "kept", reason });
  }

  #report(event: DiscoveryEvent): void {
    try {
      this.#parts.onEvent?.(event);
    } catch {
      // An error in the listener must not affect the upstream.
    }
  }
}

/** In a stable order, so that a source that shuffles its list changes nothing. The first of two with the same URL counts. */
const unique = (endpoints: readonly FoundEndpoint[]): readonly FoundEndpoint[] => {
  const byUrl = new Map<string, FoundEndpoint>();
  for (const endpoint of endpoints) if (!byUrl.has(endpoint.url)) byUrl.set(endpoint.url, endpoint);
  return [...byUrl.values()].toSorted((a, b) => (a.url < b.url ? -1 : 1));
};
