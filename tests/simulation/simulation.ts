/** Servers, clients and the real upstream code between them. */
import { type Sticky, stickyCookie } from "../../src/balance/sticky.ts";
import type { Endpoint } from "../../src/core/endpoint.ts";
import { ProxyError, asProxyError } from "../../src/core/errors.ts";
import type { Random } from "../../src/core/platform.ts";
import { type Layer, type Service, stack } from "../../src/core/service.ts";
import { HealthChecker } from "../../src/health/health-checker.ts";
import { httpProbe } from "../../src/health/http-probe.ts";
import { probeSlots } from "../../src/health/probe-slots.ts";
import { equipment, reportUpstream, upstreamLayers } from "../../src/upstream-stack.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";
import { createEndpointRegistry } from "../../src/upstream/registry.ts";
import { createUpstream } from "../../src/upstream/upstream.ts";
import { balancerOf } from "./balancers.ts";
import type { EventClock } from "./event-clock.ts";
import type { ChangePlan } from "./fault-plans.ts";
import { Invariants } from "./invariants.ts";
import type { RunLog } from "./run-log.ts";
import { type Sabotage, brokenBalancer, brokenPolicy, lateRefusals } from "./sabotage.ts";
import type { Scenario } from "./scenario.ts";
import { SimClients } from "./sim-clients.ts";
import { SimServer } from "./sim-server.ts";
import { simTransport } from "./sim-transport.ts";
import { POOL, TIMEOUTS, forwarding, mirrorLayer, spareLayer } from "./side-upstreams.ts";
import { watchedUpstream } from "./watched-upstream.ts";

export interface SimulationParts {
  readonly scenario: Scenario;
  readonly random: Random;
  readonly clock: EventClock;
  readonly log: RunLog;
  readonly sabotage: Sabotage | undefined;
}

const MAX_DRAIN_MS = 120_000;

export class Simulation {
  readonly #parts: SimulationParts;
  readonly #clients: SimClients;
  readonly #invariants: Invariants;
  readonly #servers: readonly SimServer[];
  readonly #endpoints: readonly Endpoint[];
  readonly #isIn: boolean[];
  readonly #service: Service;
  readonly #upstream: ReturnType<typeof watchedUpstream>;
  readonly #checker: HealthChecker | undefined;

  constructor(parts: SimulationParts) {
    const { scenario, random, clock, log, sabotage } = parts;
    this.#parts = parts;
    this.#clients = new SimClients(random);
    this.#servers = scenario.servers.map((plan) => new SimServer({ ...plan, clock, random, log }));
    this.#endpoints = scenario.servers.map(({ name, ...plan }) =>
      createEndpoint({ ...plan, upstream: "sim", url: `http://${name}.test`, tls: undefined, pool: POOL }),
    );
    this.#isIn = scenario.servers.map(() => true);
    const origins = this.#endpoints.map(({ origin }) => origin);
    const invariants = new Invariants(scenario, origins, { clock, log });
    this.#invariants = invariants;
    const { telemetry } = invariants;
    const registry = createEndpointRegistry();
    const stackParts = { name: "sim", registry, clock, random, telemetry };
    const policy = brokenPolicy(scenario.policy, sabotage);
    const equipped = equipment(policy, stackParts);
    const chosen = brokenBalancer(balancerOf(scenario.balance, random), sabotage, random);
    const sticky = scenario.isSticky ? stickyTo(chosen) : undefined;
    const upstream = createUpstream({
      name: "sim",
      endpoints: this.#endpoints,
      host: { kind: "upstream" },
      timeouts: TIMEOUTS,
      viaFetch: false,
      balancer: (sabotage === "disregards cookies" ? undefined : sticky?.balancer) ?? chosen,
      registry,
      clock,
      ...equipped,
      watch(set, now) {
        if (sabotage !== "recovers one by one") equipped.watch(set, now);
        invariants.beforePick(set, now);
      },
    });
    const forgetsEvery = sabotage === "forgets to settle" ? 100 : Infinity;
    this.#upstream = watchedUpstream(upstream, { invariants, clock, forgetsEvery });
    const byKey = new Map(this.#endpoints.map(({ key }, i) => [key, this.#servers[i]]));
    const transport = simTransport({
      clock,
      random,
      serverOf: (key) => byKey.get(key),
      onSent: (attempt) => invariants.requests.sent(attempt),
    });
    const layers: Layer[] = [];
    const side = { clock, random, log };
    if (scenario.mirrored > 0) {
      const onMirror = (result: "sent" | "dropped" | "failed"): void =>
        reportUpstream({ telemetry }, { kind: "mirrored", upstream: "shadow", result });
      layers.push(mirrorLayer(side, scenario.mirrored, onMirror));
    }
    if (scenario.hasSpare) layers.push(spareLayer(side));
    if (sabotage === "sheds late") layers.push(lateRefusals(clock));
    if (sticky !== undefined) layers.push(sticky.layer(() => upstream.set));
    layers.push(...upstreamLayers(policy, stackParts).map(({ layer }) => layer));
    this.#service = stack(layers)(forwarding({ upstream: this.#upstream, transport, telemetry, clock }));
    this.#checker =
      policy.health &&
      new HealthChecker({
        clock,
        random,
        options: policy.health,
        slots: probeSlots(),
        probe: httpProbe({ transport, clock, target: "/healthz" }),
        membersOf: () => upstream.set.members,
        onChange: ({ endpoint: { origin }, change, detail }) =>
          reportUpstream(
            { telemetry },
            { kind: "health", upstream: "sim", endpoint: origin, change, reason: detail },
          ),
      });
  }

  async run(): Promise<{ readonly requests: number; readonly attempts: number; readonly failures: number }> {
    const { clock, scenario } = this.#parts;
    const { faults, changes, end } = scenario;
    for (const { server, fault, from, until } of faults) {
      clock.after(from, () => this.#servers[server]?.setFault(fault));
      clock.after(until, () => this.#servers[server]?.setFault(undefined));
    }
    for (const change of changes) clock.after(change.at, () => this.#change(change));
    this.#checker?.start();
    clock.after(1_000, () => this.#arrive());
    await clock.run(end);
    this.#checker?.stop();
    // Everything that is under way ends within its time limits.
    await clock.run(end + MAX_DRAIN_MS);
    this.#invariants.finish(this.#upstream.set, clock.pending);
    const { attempts, failures } = this.#invariants;
    return { requests: this.#clients.requests, attempts, failures };
  }

  #change({ server, change }: ChangePlan): void {
    const endpoint = this.#endpoints[server];
    if (endpoint === undefined) return;
    if (change === "drained") this.#upstream.override(endpoint, { isDrained: true, weight: undefined });
    else if (change === "undrained") this.#upstream.override(endpoint, undefined);
    else {
      this.#isIn[server] = change === "joins";
      this.#upstream.update(this.#endpoints.filter((_, i) => this.#isIn[i]));
    }
    if (change === "joins" || change === "undrained") this.#invariants.joined(endpoint);
    this.#parts.log.exercised("a set that changed");
    this.#checker?.changed();
  }

  /** Poisson arrivals. */
  #arrive(): void {
    const { scenario, clock, random } = this.#parts;
    const { end, quiet, rate } = scenario;
    const now = clock.now();
    if (now >= end) return;
    const pause = quiet !== undefined && now >= quiet.from && now < quiet.until ? quiet.until - now : 0;
    clock.after(pause + (-Math.log(1 - random.float()) / rate) * 1_000, () => this.#arrive());
    if (pause === 0) this.#request();
  }

  #request(): void {
    const { clock, random } = this.#parts;
    const { exchange, cancellation, owner, answered } = this.#clients.next();
    const record = this.#invariants.begin(exchange, owner);
    if (random.float() < 0.01) {
      clock.after(random.float() * 60, () => cancellation.cancel(new ProxyError("client-closed")));
    }
    this.#service(exchange).then(
      (reply) => {
        if (reply.kind !== "http") {
          record.ended(101, undefined);
          return;
        }
        const { status } = reply;
        answered(reply);
        if (reply.body.kind !== "stream") {
          record.ended(status, undefined);
          return;
        }
        reply.body.source.start({
          write: () => true,
          end: () => record.ended(status, undefined),
          fail: (error) => record.ended(status, error),
        });
      },
      (thrown: unknown) => record.ended(undefined, asProxyError(thrown)),
    );
  }
}

const stickyTo = (otherwise: ReturnType<typeof balancerOf>): Sticky =>
  stickyCookie({ cookie: "to", sign: async (text) => encodeURIComponent(text), otherwise });
