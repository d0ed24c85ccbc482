/** Endpoints of a Kubernetes service, by the watch API. */
import { type ByteSource, cancelBody } from "../core/body.ts";
import { CancellationSource } from "../core/cancellation.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { ProxyError } from "../core/errors.ts";
import { jittered } from "../core/jitter.ts";
import { ownAttempt } from "../core/own-exchange.ts";
import type { Cancel, Clock, Random, Transport } from "../core/platform.ts";
import { readBody } from "../core/read-body.ts";
import type { HttpReply } from "../core/reply.ts";
import { type EndpointSlice, type SliceOptions, SliceTable } from "./endpoint-slices.ts";
import type { EndpointSource, SourceListener } from "../core/endpoint-source.ts";
import { LineReader } from "./line-reader.ts";
import { FIRST_RETRY_MS, reasonOf, retryPauseMs } from "./poller.ts";

export interface KubernetesSourceOptions extends SliceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  /** The API server. */
  readonly api: Endpoint;
  readonly namespace: string;
  readonly service: string;
  /** The bearer token, read anew for each request: tokens of service accounts expire. */
  readonly token: (() => Promise<string>) | undefined;
}

/** A request for the list may take so long. */
const LIST_LIMIT_MS = 10_000;
/** The server is asked to end a watch after so long; one that lasts longer is dead. */
const WATCH_SECONDS = 300;
const WATCH_LIMIT_MS = (WATCH_SECONDS + 30) * 1_000;
const MAX_LIST_BYTES = 32 * 1024 * 1024;
const CONNECT_MS = 3_000;
const JITTER = 0.2;

/**
 * Lists the slices, then watches from that version on. A watch that ends is taken up where it ended; when the server has forgotten
 * that version (410), the slices are listed again. What is known stays known meanwhile.
 */
export const kubernetesSource = (options: KubernetesSourceOptions): EndpointSource => {
  const watch = new SliceWatch(options);
  return {
    name: `Kubernetes service ${options.namespace}/${options.service}`,
    start: (listener) => watch.start(listener),
    stop: () => watch.stop(),
  };
};

interface WatchEvent {
  readonly type?: string;
  readonly object?: EndpointSlice & { readonly code?: number; readonly message?: string };
}

class SliceWatch {
  readonly #options: KubernetesSourceOptions;
  readonly #table: SliceTable;
  #listener: SourceListener = () => {};
  /** Undefined before the first list, and when the server has forgotten it. */
  #version: string | undefined;
  #failures = 0;
  #isStopped = false;
  #cancelTimer: Cancel | undefined;
  #cancellation: CancellationSource | undefined;

  constructor(options: KubernetesSourceOptions) {
    this.#options = options;
    this.#table = new SliceTable(options);
  }

  start(listener: SourceListener): void {
    this.#listener = listener;
    void this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.#cancellation?.cancel(new ProxyError("discarded"));
  }

  async #run(): Promise<void> {
    const startedAt = this.#options.clock.now();
    try {
      if (this.#version === undefined) await this.#list();
      if (!this.#isStopped) await this.#watch();
      const lasted = this.#options.clock.now() - startedAt;
      this.#again(Math.max(0, FIRST_RETRY_MS - lasted));
    } catch (thrown) {
      if (this.#isStopped) return;
      this.#failures += 1;
      this.#listener({ kind: "failed", reason: reasonOf(thrown) });
      this.#again(retryPauseMs(this.#failures));
    }
  }

  #again(ms: number): void {
    if (this.#isStopped) return;
    const { clock, random } = this.#options;
    this.#cancelTimer = clock.after(jittered(ms, JITTER, random), () => void this.#run());
  }

  async #list(): Promise<void> {
    await this.#ask("", LIST_LIMIT_MS, async (reply) => {
      const text = new TextDecoder().decode(await readBody(reply.body, MAX_LIST_BYTES));
      const list = JSON.parse(text) as {
        readonly metadata?: { readonly resourceVersion?: string };
        readonly items?: readonly EndpointSlice[];
      };
      this.#table.replace(list.items ?? []);
      this.#succeeded();
      this.#version = list.metadata?.resourceVersion ?? "0";
    });
  }

  async #watch(): Promise<void> {
    const query = `&watch=1&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}&resourceVersion=${this.#version}`;
    await this.#ask(query, WATCH_LIMIT_MS, async ({ body }) => {
      if (body.kind === "stream") await readLines(body.source, (line) => this.#take(line));
      else {
        const text = new TextDecoder().decode(await readBody(body, MAX_LIST_BYTES));
        for (const line of text.split("\n")) this.#take(line);
      }
    });
  }

  #take(line: string): void {
    if (line.trim() === "" || this.#isStopped) return;
    const { type, object } = JSON.parse(line) as WatchEvent;
    if (object === undefined) return;
    if (type === "ERROR") {
      this.#version = undefined;
      if (object.code === 410) return;
      throw new TypeError(`the watch failed: ${object.message ?? "no reason given"}`);
    }
    const version = object.metadata?.resourceVersion ?? this.#version;
    // An event that can't be used makes the next request a new list, not a watch from this version.
    this.#version = undefined;
    if (type === "DELETED") this.#table.delete(object);
    else if (type !== "BOOKMARK") this.#table.set(object);
    if (type !== "BOOKMARK") this.#succeeded();
    this.#version = version;
  }

  #succeeded(): void {
    this.#failures = 0;
    if (!this.#isStopped) this.#listener({ kind: "found", endpoints: this.#table.endpoints() });
  }

  async #ask(query: string, limitMs: number, read: (reply: HttpReply) => Promise<void>): Promise<void> {
    const { clock, transport, api, namespace, service, token } = this.#options;
    const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
    const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
    const cancellation = new CancellationSource();
    this.#cancellation = cancellation;
    const stop = clock.after(limitMs, () => {
      cancellation.cancel(new ProxyError("attempt-timeout", { detail: `no answer within ${limitMs} ms` }));
    });
    try {
      const fields = ["accept", "application/json"];
      if (token !== undefined) fields.push("authorization", `Bearer ${await token()}`);
      const target = `${path}?labelSelector=${selector}${query}`;
      const reply = await transport.send(
        ownAttempt({ endpoint: api, method: "GET", target, fields, connectMs: CONNECT_MS, cancellation }),
      );
      if (reply.kind !== "http") throw new TypeError("the API server switched protocols");
      if (reply.status !== 200) {
        cancelBody(reply.body, new ProxyError("discarded"));
        // Gone: too old a version.
        if (reply.status === 410) this.#version = undefined;
        throw new TypeError(`the API server answered with status ${reply.status}`);
      }
      await read(reply);
    } finally {
      stop();
    }
  }
}

/** Resolves at the end of the source; rejects when it breaks off or a line can't be used. */
const readLines = (source: ByteSource, take: (line: string) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    source.start(
      new LineReader({
        take,
        ended: resolve,
        failed: (error) => {
          source.cancel(new ProxyError("discarded"));
          reject(error instanceof Error ? error : new TypeError("the watch can't be read", { cause: error }));
        },
      }),
    );
  });
