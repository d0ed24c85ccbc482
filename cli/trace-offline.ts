/** A request traced where no proxy runs: all endpoints are up but those of which somebody knows better. */
import { type Trace, traceRequest } from "../handlers/trace-request.ts";
import { hmac } from "../runtimes/hmac.ts";
import { ManualClock, seededRandom } from "../runtimes/memory/mod.ts";
import type { Config } from "../src/config/types.ts";
import { CAPABILITIES, type Capability } from "../src/core/capability.ts";
import type { RequestHead } from "../src/core/arrival.ts";
import type { Platform } from "../src/core/platform.ts";
import type { Gateway } from "../src/gateway.ts";
import type { Unreachable } from "./reachability.ts";

export interface OfflineTrace extends Trace {
  /** Why endpoints are down, by their keys. */
  readonly down: ReadonlyMap<string, string>;
}

export interface OfflineTraceOptions {
  /** Address of the client. */
  readonly from: string;
  /** Endpoints that do not answer, while all others do. @default not known of any */
  readonly down?: readonly Unreachable[];
}

/** Traces the request `head`. */
export const traceOffline = async (
  config: Config,
  head: RequestHead,
  { from, down: unreachable }: OfflineTraceOptions,
): Promise<OfflineTrace> => {
  let down: ReadonlyMap<string, string> = new Map();
  const prepare = (gateway: Gateway): void => {
    if (unreachable !== undefined) down = markHealth(gateway, config, unreachable);
  };
  const trace = await traceRequest(config, head, { from, platform: offline(), prepare });
  return { ...trace, down };
};

/** As health checks would. */
const markHealth = (
  { plan }: Gateway,
  { upstreams }: Config,
  down: readonly Unreachable[],
): ReadonlyMap<string, string> => {
  const reasons = new Map<string, string>();
  for (const upstream of plan.upstreams.values()) {
    for (const { state } of upstream.set.members) state.health = { isUp: true };
  }
  for (const { name, url, reason } of down) {
    const index = upstreams[name]?.endpoints.findIndex((endpoint) => endpoint.url === url) ?? -1;
    const member = plan.upstreams.get(name)?.set.members[index];
    if (member === undefined) continue;
    member.state.health = { isUp: false };
    reasons.set(member.endpoint.key, reason);
  }
  return reasons;
};

const offline = (): Omit<Platform, "transport" | "fetchTransport"> => ({
  name: "explain",
  capabilities: new Set(Object.keys(CAPABILITIES) as Capability[]),
  clock: new ManualClock(),
  random: seededRandom(),
  telemetry: {},
  sign: hmac,
  arrive: () => {
    throw new TypeError("explain takes no Web requests");
  },
  respond: () => {
    throw new TypeError("explain makes no Web responses");
  },
});
