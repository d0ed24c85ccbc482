/** The endpoints in Kubernetes EndpointSlices (`discovery.k8s.io/v1`). */
import type { FoundEndpoint } from "../core/endpoint-source.ts";
import { urlHost } from "../http/url-host.ts";

/** What is read of a slice; everything in it may be missing. */
export interface EndpointSlice {
  readonly metadata?: { readonly name?: string; readonly resourceVersion?: string };
  readonly endpoints?: readonly SliceEndpoint[] | null;
  readonly ports?: readonly SlicePort[] | null;
}

interface SliceEndpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: { readonly ready?: boolean | null };
  readonly zone?: string | null;
}

interface SlicePort {
  readonly name?: string | null;
  readonly port?: number | null;
}

export interface SliceOptions {
  readonly scheme: "http" | "https";
  /** Name or number of the port, the endpoints' own; undefined is the first. */
  readonly port: string | undefined;
}

/** The slices of one service, as they are known by now. */
export class SliceTable {
  readonly #options: SliceOptions;
  #slices: Map<string, EndpointSlice> = new Map();

  constructor(options: SliceOptions) {
    this.#options = options;
  }

  replace(slices: readonly EndpointSlice[]): void {
    this.#slices = new Map(slices.map((slice) => [slice.metadata?.name ?? "", slice]));
  }
  set(slice: EndpointSlice): void {
    this.#slices.set(slice.metadata?.name ?? "", slice);
  }
  delete(slice: EndpointSlice): void {
    this.#slices.delete(slice.metadata?.name ?? "");
  }

  endpoints(): readonly FoundEndpoint[] {
    return [...this.#slices.values()].flatMap((slice) => this.#endpointsOf(slice));
  }

  /** An endpoint is ready unless `ready` is false, as it is while it terminates. Only its first address counts (KEP-752). */
  #endpointsOf({ endpoints, ports }: EndpointSlice): readonly FoundEndpoint[] {
    const port = this.#portOf(ports ?? []);
    if (port === undefined) return [];
    return (endpoints ?? []).flatMap(({ addresses, conditions, zone }) => {
      const address = addresses?.[0];
      if (address === undefined || conditions?.ready === false) return [];
      return [{ url: `${this.#options.scheme}://${urlHost(address)}:${port}`, zone: zone ?? undefined }];
    });
  }

  #portOf(ports: readonly SlicePort[]): number | undefined {
    const { port: wanted } = this.#options;
    const found =
      wanted === undefined
        ? ports[0]
        : // A name is never all digits.
          ports.find(({ name, port }) => name === wanted || String(port) === wanted);
    return found?.port ?? undefined;
  }
}
