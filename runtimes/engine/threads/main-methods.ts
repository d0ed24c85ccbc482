/** What the main thread does for a thread that answers requests. */
import type { Control } from "../../../handlers/control.ts";
import type { Platform } from "../../../src/core/platform.ts";
import type { Observed } from "../../../src/observe/metric-reading.ts";
import type { ServeOptions } from "../../serving.ts";
import type { MainMethods } from "./messages.ts";
import type { ServingThread } from "./serving-thread.ts";
import type { ThreadViews } from "./thread-views.ts";

export interface MainMethodsParts {
  readonly logs: Platform["logs"];
  readonly control: Control;
  readonly views: ThreadViews;
  readonly observed: () => Promise<Observed>;
  readonly onUpstreamEvent: ServeOptions["onUpstreamEvent"];
  /** That asks. */
  readonly thread: () => ServingThread;
}

export interface ForOneThread {
  readonly methods: Omit<MainMethods, "ready" | "failed" | "ending">;
  /** The thread has ended. */
  readonly end: () => void;
}

export const mainMethods = (parts: MainMethodsParts): ForOneThread => {
  const { logs, control, views, observed, onUpstreamEvent, thread } = parts;
  let endWatch: (() => void) | undefined;
  return {
    end: () => endWatch?.(),
    methods: {
      writeLines: async (to, bytes) => logs?.writeBatch?.(to, bytes),
      observed,
      upstreamEvent: (event) => onUpstreamEvent?.(event),
      noted: (entry) => views.noted(entry),
      watch(wanted) {
        endWatch?.();
        endWatch = wanted ? control.subscribe((change) => thread().peer.tell("changed", change)) : undefined;
      },
      snapshot: () => control.snapshot(),
      act: (action, actor) => control.act(action, actor),
      config: () => control.config(),
      checkConfig: (document) => control.checkConfig(document),
      putConfig: (document, actor) => control.putConfig(document, actor),
      connections: (query) => control.connections(query),
      explain: (request) => control.explain(request),
      failures: () => control.failures(),
    },
  };
};
