/** A trace as text. */
import type { ExplainedField } from "../handlers/control.ts";
import { answeredFields, sentFields } from "../handlers/explained-fields.ts";
import { layersOf } from "../handlers/route-layers.ts";
import { firstValue } from "../src/http/headers.ts";
import { matchText } from "../src/routing/match-text.ts";
import type { Plan } from "../src/config/plan.ts";
import { type Endpoint, endpointAddress } from "../src/core/endpoint.ts";
import type { Attempt } from "../src/core/exchange.ts";
import type { Exclusion } from "../src/upstream/selection.ts";
import { notTaken } from "./not-taken.ts";
import type { Style } from "./style.ts";
import type { OfflineTrace } from "./trace-offline.ts";

const LABEL_WIDTH = 12;

/** Puts `***` in place of the config's secrets. */
export type Mask = (text: string) => string;

/** Lines for the terminal, with the config's secrets masked, and the values of credential headers. */
export const explanation = (trace: OfflineTrace, style: Style, mask: Mask): readonly string[] => {
  const { head, gateway, answer } = trace;
  const { screened, decision } = answer.admission;
  const row = (label: string, text: string): string =>
    `  ${style.dim(label.padEnd(LABEL_WIDTH))}${mask(text)}`;
  const lines = [
    style.bold(readable(mask(`${head.method} ${head.scheme}://${hostOf(trace)}${head.target}`))),
    "",
  ];
  if (screened !== undefined && screened.target !== head.target) {
    lines.push(row("normalised", screened.target));
  }
  if (decision.kind === "ready-page") {
    const text = `${statusOf(trace)} from the proxy itself: the ready page (listen.readyPath)`;
    return [...lines, row("route", "none; the ready page comes before all routes"), row("answer", text)];
  }
  if (decision.kind !== "routed") lines.push(row("route", style.yellow("none")));
  else {
    const { found } = decision;
    const { route } = found.value;
    const config = gateway.plan.config.routes.find(({ name }) => name === route.name);
    lines.push(row("route", `${style.green(`"${route.name}"`)}, which matches ${matchText(found.match)}`));
    if (config !== undefined)
      lines.push(row("layers", layersOf(gateway.plan.config, config, route).join(" → ")));
  }
  lines.push(...outcome(trace, row, style));
  lines.push(...notTaken(trace, style, mask));
  return lines;
};

type Row = (label: string, text: string) => string;

/** Escapes of text beyond ASCII as that text, if it is UTF-8. */
const readable = (text: string): string =>
  text.replaceAll(/(?:%[89A-F][0-9A-F])+/g, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });

const hostOf = ({ head, answer }: OfflineTrace): string =>
  answer.admission.screened?.authority ?? firstValue(head.fields, "host") ?? "";

const statusOf = ({ answer: { reply } }: OfflineTrace): number =>
  reply.kind === "http" ? reply.status : 101;

const outcome = (trace: OfflineTrace, row: Row, style: Style): readonly string[] => {
  const { attempt, answer, gateway, down } = trace;
  if (answer.failure !== undefined) {
    const { kind, code, message, headers } = answer.failure;
    const allow = headers?.["allow"];
    const allowed = allow === undefined ? "" : `; allowed are ${allow}`;
    const discovered = code === "no-endpoint" ? discoveredUpstreams(trace) : [];
    if (discovered.length > 0) {
      const text = `${discovered.join(", ")}: endpoints are found while the proxy runs (discovery); none is known here`;
      return [row("upstream", text)];
    }
    return [row("answer", `${style.red(String(kind.status))} ${code}: ${message}${allowed}`)];
  }
  if (attempt === undefined) {
    const location = firstValue(answer.reply.fields, "location");
    return [
      row(
        "answer",
        `${statusOf(trace)} from the proxy itself${location === undefined ? "" : `, to ${location}`}`,
      ),
      ...responseRows(trace, row),
    ];
  }
  return [
    ...upstreamRows(attempt, { plan: gateway.plan, down }, row, style),
    ...requestRows(attempt, row),
    ...responseRows(trace, row),
  ];
};

/** Names of the route's upstreams that have no endpoints of their own. */
const discoveredUpstreams = ({
  gateway: { plan },
  answer: { admission },
}: OfflineTrace): readonly string[] => {
  const { decision } = admission;
  if (decision.kind !== "routed") return [];
  const { name: routeName } = decision.found.value.route;
  const route = plan.config.routes.find(({ name }) => name === routeName);
  return (route?.upstreams ?? [])
    .map(({ name }) => name)
    .filter((name) => {
      const upstream = plan.config.upstreams[name];
      return upstream?.discovery !== undefined && upstream.endpoints.length === 0;
    })
    .map((name) => `"${name}"`);
};

const upstreamRows = (
  attempt: Attempt,
  { plan: { config, upstreams }, down }: { readonly plan: Plan; readonly down: OfflineTrace["down"] },
  row: Row,
  style: Style,
): readonly string[] => {
  const { endpoint, exchange } = attempt;
  const upstream = config.upstreams[endpoint.upstream];
  const shares = config.routes.find(({ name }) => name === exchange.route)?.upstreams ?? [];
  const split =
    shares.length > 1 ? `, of ${shares.map(({ name, weight }) => `${name} ×${weight}`).join(", ")}` : "";
  const lines = [
    row("upstream", `${style.green(`"${endpoint.upstream}"`)}${split}`),
    row("sends", `${exchange.arrival.method} ${attempt.target} to ${endpointAddress(endpoint)}`),
  ];
  if (upstream !== undefined && upstream.endpoints.length > 1) {
    const others = upstream.endpoints.map(({ url, weight }) => (weight === 1 ? url : `${url} ×${weight}`));
    const { policy } = upstream.balance;
    const name = typeof policy === "string" ? policy : "a function";
    lines.push(row("", style.dim(`${name} over ${others.join(", ")}`)));
  }
  const unreachable = down.get(endpoint.key);
  if (unreachable !== undefined)
    lines.push(
      row(
        "",
        style.yellow(`nothing answers there either (${unreachable}); where all are down, all are tried`),
      ),
    );
  for (const { endpoint: other, exclusion } of upstreams.get(endpoint.upstream)?.standing() ?? []) {
    if (other.key === endpoint.key) continue;
    const reason = down.get(other.key);
    const why =
      exclusion === undefined
        ? tierText(other, endpoint)
        : reason === undefined || exclusion === "drained"
          ? WHY_NOT[exclusion]
          : `nothing answers there (${reason})`;
    if (why !== undefined) lines.push(row("", `not ${endpointAddress(other)}: ${why}`));
  }
  if (upstream?.health !== undefined && down.size === 0)
    lines.push(row("", style.dim("health checks are not run here; --now looks who answers")));
  return lines;
};

/** As far as it can be known without traffic. */
const WHY_NOT: Readonly<Record<Exclusion, string | undefined>> = {
  drained: "weight 0, so it takes no new traffic",
  // Nobody has checked yet.
  unhealthy: undefined,
  ejected: "it fails more often than the others",
  "circuit-open": "its circuit breaker is open",
  "at-limit": "it has as many requests as it may",
  tried: "it was tried before",
};

const tierText = (other: Endpoint, chosen: Endpoint): string | undefined =>
  (other.priority ?? 0) > (chosen.priority ?? 0)
    ? `priority ${other.priority}, for when too few before it can be tried`
    : undefined;

/** The header section that leaves, with what was added or changed marked, and what does not leave. */
const requestRows = (attempt: Attempt, row: Row): readonly string[] =>
  sentFields(attempt).map((field, index) => row(index === 0 ? "request" : "", fieldText(field)));

const responseRows = ({ answer }: OfflineTrace, row: Row): readonly string[] =>
  answeredFields(answer).map((field, index) => row(index === 0 ? "response" : "", fieldText(field)));

const MARKS = { kept: " ", added: "+", removed: "-" } as const;

const fieldText = ({ change, name, value }: ExplainedField): string =>
  `${MARKS[change]} ${change === "removed" && value === "" ? name : `${name}: ${value}`}`;
