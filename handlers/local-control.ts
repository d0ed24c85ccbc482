/** Control over the gateway of this thread. */
import type { Lifecycle } from "../src/core/lifecycle.ts";
import type { Platform } from "../src/core/platform.ts";
import type { Gateway } from "../src/gateway.ts";
import type { Journal } from "../src/observe/journal.ts";
import { NO_TRAFFIC, type TrafficMeter } from "../src/observe/traffic.ts";
import { VERSION } from "../src/version.ts";
import { act } from "./act.ts";
import type { ConfigPort } from "./config-port.ts";
import { type Action, type Actor, type Change, type Control, MOST_CONNECTIONS } from "./control.ts";
import { explainLive } from "./live-explanation.ts";
import type { ServerView } from "./server-view.ts";
import type { Snapshot } from "./snapshot.ts";
import { type Moment, routesOf, upstreamOf } from "./snapshot-of.ts";

export interface LocalControlParts {
  readonly platform: Platform;
  readonly gateway: () => Gateway;
  readonly lifecycle: Lifecycle;
  /** Undefined where nothing is measured. */
  readonly traffic: () => TrafficMeter | undefined;
  readonly journal: Journal;
  readonly server: ServerView;
  readonly configs: ConfigPort;
}

/** Changes by hand are events of the log, category `audit`. */
export const localControl = (parts: LocalControlParts): Control => {
  const { platform, gateway, journal, configs, server } = parts;
  const { clock } = platform;
  const listeners = new Set<(change: Change) => void>();
  // A Worker has no time before its first request.
  let startedAt = platform.capabilities.has("background") ? clock.epoch() : undefined;
  const tell = (change: Change): void => {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch {
        // A listener's failure is not the change's.
      }
    }
  };
  const audit = (actor: Actor, message: string, failure?: string): void => {
    const facts = { peer: actor.peer, token: actor.token, result: failure ?? "done" };
    const level = failure === undefined ? "info" : "warning";
    gateway().events.emit({ category: "audit", level, message, facts });
    if (failure === undefined) tell({ kind: "action", time: clock.epoch(), actor, message });
  };
  return {
    async snapshot() {
      startedAt ??= clock.epoch();
      return snapshotOf(parts, startedAt);
    },
    async act(action, actor) {
      const result = await act(action, { gateway: gateway(), server, clock });
      const message = configs.mask(result.message);
      if (result.ok) audit(actor, message);
      else audit(actor, configs.mask(requestText(action)), `${result.reason}: ${message}`);
      return { ...result, message };
    },
    config: async () => ({ ...configs.status(), config: configs.masked() }),
    checkConfig: (document) => configs.check(document),
    async putConfig(document, actor) {
      const verdict = await configs.put(document);
      const [first] = verdict.ok ? [] : verdict.problems;
      audit(actor, "a config is put into effect", first && `refused: ${first.path} ${first.message}`);
      return verdict;
    },
    connections: async (query) =>
      server.connections({ ...query, limit: Math.max(1, Math.min(MOST_CONNECTIONS, query.limit)) }),
    explain: (request) =>
      explainLive(request, { gateway: gateway(), platform, mask: (text) => configs.mask(text) }),
    failures: async () => journal.failures(),
    subscribe(listener) {
      listeners.add(listener);
      const end = journal.subscribe(listener);
      return () => {
        listeners.delete(listener);
        end();
      };
    },
  };
};

const snapshotOf = (parts: LocalControlParts, startedAt: number): Snapshot => {
  const { platform, lifecycle, server, configs, traffic } = parts;
  const { clock } = platform;
  const gateway = parts.gateway();
  const now = clock.now();
  const moment: Moment = {
    now,
    epoch: clock.epoch(),
    traffic: traffic()?.read(now),
    mask: (text) => configs.mask(text),
  };
  const connections = server.counts();
  const { draining } = lifecycle;
  return {
    time: moment.epoch,
    version: VERSION,
    runtime: platform.name,
    startedAt,
    draining,
    threads: [{ id: 0, startedAt, state: draining ? "draining" : "running", connections }],
    config: configs.status(),
    listeners: server.listeners(),
    connections,
    traffic: moment.traffic?.total ?? NO_TRAFFIC,
    routes: routesOf(gateway, moment),
    upstreams: Array.from(gateway.plan.upstreams.values(), (upstream) =>
      upstreamOf(upstream, gateway, moment),
    ),
  };
};

/** What was asked for and did not happen. */
const requestText = (action: Action): string => {
  switch (action.kind) {
    case "log-level":
      return `log level of "${action.category}"`;
    case "close-connection":
      return `close connection ${action.id}`;
    case "breaker":
      return `${action.to} the breaker of endpoint ${action.endpoint} of upstream "${action.upstream}"`;
    case "check-health":
      return `check the health of upstream "${action.upstream}"`;
    case "drain":
    case "enable":
    case "weight":
      return `${action.kind} of endpoint ${action.endpoint} of upstream "${action.upstream}"`;
  }
};
