/** Control over the gateway of this thread. */
import type { Lifecycle } from "../src/core/lifecycle.ts";
import type { Platform } from "../src/core/platform.ts";
import type { Gateway } from "../src/gateway.ts";
import type { Journal } from "../src/observe/journal.ts";
import { NO_TRAFFIC, type TrafficMeter } from "../src/observe/traffic.ts";
import { VERSION } from "../src/version.ts";
import { act } from "./act.ts";
import type { ConfigPort } from "./config-port.ts";
import { combinedSnapshot } from "./combined-snapshot.ts";
import {
  type Action,
  type ActionResult,
  type Actor,
  type Change,
  type Control,
  MOST_CONNECTIONS,
} from "./control.ts";
import { explainLive } from "./live-explanation.ts";
import type { OtherThreads } from "./other-threads.ts";
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
  /** Where this thread answers no requests: those that do. */
  readonly others?: OtherThreads | undefined;
}

/** Changes by hand are events of the log, category `audit`. */
export const localControl = (parts: LocalControlParts): Control => {
  const { platform, gateway, journal, configs, server, others } = parts;
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
      const own = snapshotOf(parts, startedAt);
      return others === undefined ? own : combinedSnapshot(own, await others.snapshots());
    },
    async act(action, actor) {
      const here = (): Promise<ActionResult> => act(action, { gateway: gateway(), server, clock });
      const result = await (others === undefined ? here() : actEverywhere(action, here, others));
      if (result.ok) audit(actor, result.message);
      else audit(actor, requestText(action), `${result.reason}: ${result.message}`);
      return result;
    },
    config: async () => ({ ...configs.status(), config: configs.masked() }),
    checkConfig: (document) => configs.check(document),
    async putConfig(document, actor) {
      const verdict = await configs.put(document).catch((error: unknown) => {
        audit(actor, "a config is put into effect", "failed");
        throw error;
      });
      const [first] = verdict.ok ? [] : verdict.problems;
      audit(actor, "a config is put into effect", first && `refused: ${first.path} ${first.message}`);
      return verdict;
    },
    async connections(query) {
      const bounded = { ...query, limit: Math.max(1, Math.min(MOST_CONNECTIONS, query.limit)) };
      return others === undefined ? server.connections(bounded) : others.connections(bounded);
    },
    async explain(request) {
      const mask = (text: string): string => configs.mask(text);
      return others === undefined
        ? explainLive(request, { gateway: gateway(), platform, mask })
        : masked(await others.explain(request), mask);
    },
    failures: async () => (others === undefined ? journal.failures() : others.failures()),
    subscribe(listener) {
      listeners.add(listener);
      const ends = [journal.subscribe(listener), others?.subscribe(listener)];
      return () => {
        listeners.delete(listener);
        for (const end of ends) end?.();
      };
    },
  };
};

/** Health is checked here. Connections are elsewhere, and everything else is in both. */
const actEverywhere = async (
  action: Action,
  here: () => Promise<ActionResult>,
  others: OtherThreads,
): Promise<ActionResult> => {
  if (action.kind === "close-connection") {
    return (await others.close(action.id))
      ? { ok: true, message: `connection ${action.id} is closed` }
      : { ok: false, reason: "unknown", message: `there is no connection ${action.id}` };
  }
  if (action.kind === "upgrade") return here();
  const result = await here();
  if (result.ok && action.kind !== "check-health") await others.act(action);
  return result;
};

/** `value`, plain data, with all of its texts masked. */
const masked = <Value>(value: Value, mask: (text: string) => string): Value =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) => (typeof each === "string" ? mask(each) : each)),
  ) as Value;

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
    case "upgrade":
      return "upgrade";
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
