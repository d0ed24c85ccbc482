/** A Kubernetes API server for EndpointSlices: lists, watches, forgets. No network: see `KubeServer` for sockets. */
import type { EndpointSlice } from "../../src/discovery/endpoint-slices.ts";

export interface WatchStream {
  write(text: string): void;
  end(): void;
}

export type KubeAnswer =
  | { readonly kind: "whole"; readonly status: number; readonly body: string }
  /** `begin` is called when the answer's head is out. */
  | { readonly kind: "watch"; readonly begin: (stream: WatchStream) => void };

/** Slices by name, with a version that counts up. */
export class KubeApi {
  readonly #slices: Map<string, EndpointSlice> = new Map();
  readonly #watchers: Set<WatchStream> = new Set();
  #version = 100;
  /** Answers everything with 500, and ends what is watched. */
  isFailing = false;
  /** Versions before this one are answered with 410. */
  oldestVersion = 0;
  readonly requests: string[] = [];

  get watchers(): number {
    return this.#watchers.size;
  }

  put(name: string, slice: Omit<EndpointSlice, "metadata">): void {
    const isNew = !this.#slices.has(name);
    const object = { metadata: { name, resourceVersion: String(++this.#version) }, ...slice };
    this.#slices.set(name, object);
    this.emit({ type: isNew ? "ADDED" : "MODIFIED", object });
  }

  remove(name: string): void {
    const slice = this.#slices.get(name);
    if (slice === undefined) return;
    this.#slices.delete(name);
    const metadata = { name, resourceVersion: String(++this.#version) };
    this.emit({ type: "DELETED", object: { ...slice, metadata } });
  }

  emit(event: unknown): void {
    for (const watcher of this.#watchers) watcher.write(`${JSON.stringify(event)}\n`);
  }

  endWatches(): void {
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  answer(target: string): KubeAnswer {
    this.requests.push(target);
    if (this.isFailing) return { kind: "whole", status: 500, body: "{}" };
    const { searchParams } = new URL(target, "http://kube");
    if (searchParams.get("watch") === null) {
      const list = {
        metadata: { resourceVersion: String(this.#version) },
        items: [...this.#slices.values()],
      };
      return { kind: "whole", status: 200, body: JSON.stringify(list) };
    }
    const from = Number(searchParams.get("resourceVersion"));
    return {
      kind: "watch",
      begin: (stream) => {
        if (from < this.oldestVersion) {
          stream.write(`${JSON.stringify({ type: "ERROR", object: { code: 410, message: "too old" } })}\n`);
          stream.end();
          return;
        }
        this.#watchers.add(stream);
        for (const slice of this.#slices.values()) {
          if (Number(slice.metadata?.resourceVersion) > from) {
            stream.write(`${JSON.stringify({ type: "MODIFIED", object: slice })}\n`);
          }
        }
      },
    };
  }

  /** The client of a watch has left. */
  left(stream: WatchStream): void {
    this.#watchers.delete(stream);
  }
}
