/** Counts the events of upstreams. */
import type { UpstreamEvent } from "../core/telemetry.ts";
import type { AttributeValues } from "./instrument.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import type { HistogramSeries } from "./series.ts";
import { endpointValues } from "./server-address.ts";
import { UPSTREAM_INSTRUMENTS } from "./upstream-instruments.ts";

const SECOND_MS = 1_000;

export class UpstreamMetrics {
  readonly #registry: MetricRegistry;
  readonly #selections: Map<string, HistogramSeries> = new Map();

  constructor(registry: MetricRegistry) {
    this.#registry = registry;
  }

  endpointSelected(upstream: string, tookMs: number): void {
    let series = this.#selections.get(upstream);
    if (series === undefined) {
      series = this.#registry.histogram(UPSTREAM_INSTRUMENTS.selection, [upstream]);
      this.#selections.set(upstream, series);
    }
    series.record(tookMs / SECOND_MS);
  }

  /** Events are rare: their series are looked up. */
  upstreamEvent(event: UpstreamEvent): void {
    const { upstream } = event;
    switch (event.kind) {
      case "breaker":
        this.#count("breakerTransitions", [...endpointValues(upstream, event.endpoint), event.to]);
        return;
      case "health":
        this.#count("healthChanges", [...endpointValues(upstream, event.endpoint), event.change]);
        return;
      case "ejected":
        this.#count("ejections", endpointValues(upstream, event.endpoint));
        return;
      case "retried":
        this.#count("retries", [upstream, event.reason]);
        return;
      case "retry-over-budget":
        this.#count("overBudget", [upstream, event.reason]);
        return;
      case "hedged":
        this.#count("hedges", [upstream]);
        return;
      case "panic":
        this.#count("panics", [upstream]);
        return;
      case "mirrored":
        this.#count("mirrors", [upstream, event.result]);
        return;
      case "endpoints":
        this.#count("discoveries", [upstream, event.result]);
    }
  }

  #count(name: keyof typeof UPSTREAM_INSTRUMENTS, attributes: AttributeValues): void {
    this.#registry.sum(UPSTREAM_INSTRUMENTS[name], attributes).add(1);
  }
}
