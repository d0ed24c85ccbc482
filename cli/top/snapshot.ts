/** The answer of `/api/state`, checked: it may come from another version, or from something else. */
import type { Snapshot, Traffic } from "../../handlers/snapshot.ts";
import { isRecord } from "../../src/config/tree.ts";

type Check = (value: unknown) => boolean;

const number: Check = (value) => typeof value === "number";
const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || value === null || check(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const shape =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(members).every(([key, check]) => check(value[key]));

const traffic = shape({
  requests: number,
  recent: shape({
    seconds: number,
    requests: number,
    failures: number,
    p50: maybe(number),
    p95: maybe(number),
    p99: maybe(number),
  }),
});

const endpoint = shape({
  address: text,
  weight: shape({ effective: number }),
  drained: flag,
  exclusion: maybe(text),
  inFlight: number,
  health: maybe(shape({ state: text })),
  breaker: maybe(shape({ state: text })),
  traffic,
});

const snapshot = shape({
  time: number,
  version: text,
  runtime: text,
  startedAt: number,
  draining: flag,
  threads: list(shape({ state: text })),
  config: shape({ generation: number, lastError: maybe(shape({ message: text })) }),
  connections: shape({ open: number, tunnels: number }),
  traffic,
  routes: list(shape({ name: text, traffic })),
  upstreams: list(shape({ name: text, traffic, endpoints: list(endpoint) })),
});

/** Undefined where it is no state of Fairlead. Only what `top` shows is checked. */
export const snapshotIn = (body: string): Snapshot | undefined => {
  try {
    const value: unknown = JSON.parse(body);
    return snapshot(value) ? (value as Snapshot) : undefined;
  } catch {
    return undefined;
  }
};

/** Everything of a snapshot that has traffic, by a key of its own. */
export const trafficByKey = ({ traffic: all, routes, upstreams }: Snapshot): ReadonlyMap<string, Traffic> =>
  new Map([
    [ALL_KEY, all],
    ...routes.map((route): [string, Traffic] => [routeKey(route.name), route.traffic]),
    ...upstreams.flatMap(({ name, traffic: own, endpoints }): [string, Traffic][] => [
      [upstreamKey(name), own],
      ...endpoints.map((each): [string, Traffic] => [endpointKey(name, each.address), each.traffic]),
    ]),
  ]);

export const ALL_KEY = "all";
export const routeKey = (name: string): string => JSON.stringify(["route", name]);
export const upstreamKey = (name: string): string => JSON.stringify(["upstream", name]);
export const endpointKey = (upstream: string, address: string): string =>
  JSON.stringify(["endpoint", upstream, address]);
