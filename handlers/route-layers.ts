/** The layers that a route's requests pass, outermost first. */
import type { RoutePlan } from "../src/config/plan.ts";
import type { Config, RouteConfig } from "../src/config/types.ts";
import type { Clock } from "../src/core/platform.ts";
import { routeLayers } from "../src/gateway.ts";

const seconds = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`);

/** A size in the largest unit that divides it, as people write them: `2GB` and `100MiB`, not `1953125 KiB`. */
const size = (bytes: number): string => {
  const units = [1024, 1000].flatMap((base) =>
    ["G", "M", "K"].map(
      (prefix, index) => [base ** (3 - index), base === 1024 ? `${prefix}iB` : `${prefix}B`] as const,
    ),
  );
  const fits = units
    .filter(([factor]) => bytes >= factor && bytes % factor === 0)
    .toSorted(([a], [b]) => b - a);
  const [factor, unit] = fits[0] ?? [1, " bytes"];
  return `${bytes / factor}${unit}`;
};

/** `request id`, `security headers (default)`, `validation`, `body limit 100 MiB`, `forward (…)`. */
export const layersOf = (config: Config, route: RouteConfig, plan: RoutePlan): readonly string[] => {
  const { securityHeaders } = config;
  return [
    "request id",
    ...(securityHeaders === false ? [] : [`security headers (${securityHeaders.preset})`]),
    "validation",
    ...routeLayers(plan, NO_CLOCK).map(({ name }) => withUnits(name)),
    ...forwardingLayers(plan),
    action(config, route),
  ];
};

/** Layers are only named here, and never run. */
const NO_CLOCK: Clock = { now: () => 0, epoch: () => 0, after: () => () => {} };

/** What stands before an attempt: mirroring, fail-over, and the layers of the first upstream. */
const forwardingLayers = ({ action: chosen }: RoutePlan): readonly string[] => {
  if (chosen.kind !== "forward") return [];
  const { mirror, failover, targets } = chosen;
  return [
    ...(mirror === undefined ? [] : [`mirror to "${mirror.target.upstream.name}"`]),
    ...(failover.length === 0
      ? []
      : [`failover to ${failover.map(({ upstream }) => `"${upstream.name}"`).join(", ")}`]),
    ...(targets[0]?.upstream.layers ?? []).map(({ name }) => withUnits(name)),
  ];
};

/** `104857600 bytes` → `100 MiB`. */
const withUnits = (text: string): string =>
  text
    .replace(/(\d+) bytes/, (_, bytes: string) => size(Number(bytes)))
    .replace(/(\d+) ms/, (_, ms: string) => seconds(Number(ms)));

const action = (config: Config, route: RouteConfig): string => {
  if (route.redirect !== undefined) return "redirect";
  if (route.respond !== undefined) return "respond";
  const timeouts = config.upstreams[route.upstreams?.[0]?.name ?? ""]?.timeouts;
  if (timeouts === undefined) return "forward";
  const firstByte = route.timeouts.firstByteMs ?? timeouts.firstByteMs;
  const idle = route.timeouts.idleMs ?? timeouts.idleMs;
  const limits = [`connect ${seconds(timeouts.connectMs)}`, `first byte ${seconds(firstByte)}`];
  if (idle !== undefined) limits.push(`idle ${seconds(idle)}`);
  return `forward (${limits.join(", ")})`;
};
