/** One run of the real upstream code under virtual time. */
import { seededRandom } from "../../runtimes/memory/random.ts";
import { consistentHash } from "../../src/balance/consistent-hash.ts";
import { hashKey } from "../../src/balance/hash-key.ts";
import { leastInFlight } from "../../src/balance/least-in-flight.ts";
import { maglevTable } from "../../src/balance/maglev.ts";
import { peakEwma } from "../../src/balance/peak-ewma.ts";
import { ringTable } from "../../src/balance/ring.ts";
import { roundRobin } from "../../src/balance/round-robin.ts";
import { byPriority } from "../../src/balance/tiers.ts";
import { leastLoadedOfTwo } from "../../src/balance/two-choices.ts";
import { weightedRandom } from "../../src/balance/weighted-random.ts";
import type { Balancer } from "../../src/core/balancer.ts";
import { CancellationSource } from "../../src/core/cancellation.ts";
import type { Endpoint } from "../../src/core/endpoint.ts";
import { ProxyError, asProxyError } from "../../src/core/errors.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import type { Random } from "../../src/core/platform.ts";
import { type Service, stack } from "../../src/core/service.ts";
import { HealthChecker } from "../../src/health/health-checker.ts";
import { httpProbe } from "../../src/health/http-probe.ts";
import { probeSlots } from "../../src/health/probe-slots.ts";
import { NO_EDITS } from "../../src/http/header-edits.ts";
import { RETRY_RULES } from "../../src/resilience/may-retry.ts";
import { RETRY_BUDGET } from "../../src/resilience/retry-budget.ts";
import { equipment, upstreamLayers } from "../../src/upstream-stack.ts";
import { createEndpoint } from "../../src/upstream/endpoint.ts";
import { forward } from "../../src/upstream/forward.ts";
import { createEndpointRegistry } from "../../src/upstream/registry.ts";
import { createUpstream } from "../../src/upstream/upstream.ts";
import { testExchange } from "../support/attempt.ts";
import { FedBody } from "../support/bodies.ts";
import { EventClock } from "./event-clock.ts";
import { Invariants } from "./invariants.ts";
import { LOAD_BOUND, type PolicyName, type Scenario, scenarioOf } from "./scenario.ts";
import { SimServer } from "./sim-server.ts";
import { simTransport } from "./sim-transport.ts";
import { watchedUpstream } from "./watched-upstream.ts";

const TIMEOUTS = {
  connectMs: 3_000,
  firstByteMs: 15_000,
  idleMs: 60_000,
  eventStreamIdleMs: 300_000,
  tunnelIdleMs: 0,
};
const POOL = { connections: Infinity, idle: 256, keepAliveMs: 4_000 };

export interface Run {
  readonly scenario: Scenario;
  readonly violations: readonly string[];
  readonly requests: number;
  readonly attempts: number;
  readonly failures: number;
}

/** Breaks what is simulated, to show that the invariants notice. */
export type Sabotage =
  | "picks anybody"
  | "forgets to settle"
  | "retries without a budget"
  | "retries any method";

export interface RunOptions {
  /** Called with a line for each thing that happens. */
  readonly trace?: ((line: string) => void) | undefined;
  readonly sabotage?: Sabotage | undefined;
}

export const runSeed = async (seed: number, options: RunOptions = {}): Promise<Run> => {
  // Near seeds begin alike in xorshift.
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
  for (let i = 0; i < 8; i++) random.float();
  const scenario = sabotaged(scenarioOf(random), options.sabotage);
  return new Simulation(scenario, random, options).run();
};

class Simulation {
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #clock = new EventClock();
  readonly #invariants: Invariants;
  readonly #servers: readonly SimServer[];
  readonly #endpoints: readonly Endpoint[];
  readonly #isIn: boolean[];
  readonly #service: Service;
  readonly #upstream: ReturnType<typeof watchedUpstream>;
  readonly #checker: HealthChecker | undefined;
  #requests = 0;

  constructor(scenario: Scenario, random: Random, { trace, sabotage }: RunOptions) {
    const clock = this.#clock;
    this.#scenario = scenario;
    this.#random = random;
    this.#servers = scenario.servers.map((plan) => new SimServer({ ...plan, clock, random, queue: 200 }));
    this.#endpoints = scenario.servers.map(({ name, weight, priority }) => ({
      ...createEndpoint({ upstream: "sim", url: `http://${name}.test`, weight, tls: undefined, pool: POOL }),
      priority,
    }));
    this.#isIn = scenario.servers.map(() => true);
    const registry = createEndpointRegistry();
    this.#invariants = new Invariants(scenario, clock, trace);
    const telemetry = this.#invariants.telemetry;
    const parts = { name: "sim", registry, clock, random, telemetry };
    const upstream = createUpstream({
      name: "sim",
      endpoints: this.#endpoints,
      host: { kind: "upstream" },
      timeouts: TIMEOUTS,
      viaFetch: false,
      balancer: sabotage === "picks anybody" ? anybody(random) : balancerOf(scenario.balance, random),
      registry,
      clock,
      ...equipment(scenario.policy, parts),
    });
    this.#upstream = watchedUpstream(upstream, {
      invariants: this.#invariants,
      clock,
      forgetsEvery: sabotage === "forgets to settle" ? 100 : Infinity,
    });
    const byKey = new Map(this.#endpoints.map(({ key }, i) => [key, this.#servers[i]]));
    const transport = simTransport({
      clock,
      random,
      serverOf: (key) => byKey.get(key),
      onSent: (attempt) => this.#invariants.sent(attempt),
    });
    this.#service = stack(upstreamLayers(scenario.policy, parts).map(({ layer }) => layer))(
      forward({
        upstream: this.#upstream,
        transport,
        telemetry,
        clock,
        forwarding: { xForwarded: false, forwarded: false, via: false, clientCert: false },
        timeouts: TIMEOUTS,
        target: ({ target }) => target,
        host: undefined,
        requestEdits: { constant: NO_EDITS, render: () => NO_EDITS },
        responseRewrite: { location: false, cookies: false },
        taken: undefined,
      }),
    );
    const { health } = scenario.policy;
    this.#checker =
      health &&
      new HealthChecker({
        clock,
        random,
        options: health,
        slots: probeSlots(),
        probe: httpProbe({ transport, clock, target: "/healthz" }),
        membersOf: () => upstream.set.members,
      });
  }

  async run(): Promise<Run> {
    const { faults, churn, end } = this.#scenario;
    const clock = this.#clock;
    for (const { server, fault, from, until } of faults) {
      clock.after(from, () => this.#servers[server]?.setFault(fault));
      clock.after(until, () => this.#servers[server]?.setFault(undefined));
    }
    for (const { at, server, isIn } of churn) clock.after(at, () => this.#change(server, isIn));
    this.#checker?.start();
    clock.after(1_000, () => this.#arrive());
    await clock.run(end);
    this.#checker?.stop();
    // Everything that is under way ends within its time limits.
    await clock.run(end + 120_000);
    this.#invariants.finish(this.#upstream.set, clock.pending);
    const { violations, attempts, failures } = this.#invariants;
    return { scenario: this.#scenario, violations, requests: this.#requests, attempts, failures };
  }

  #change(server: number, isIn: boolean): void {
    this.#isIn[server] = isIn;
    this.#upstream.update(this.#endpoints.filter((_, i) => this.#isIn[i]));
    this.#checker?.changed();
  }

  /** Poisson arrivals. */
  #arrive(): void {
    const { end, faultsEnd, recoveredAt, rate, calmRate } = this.#scenario;
    const now = this.#clock.now();
    if (now >= end) return;
    const isBusy = now < faultsEnd + 1_000 || now >= recoveredAt;
    const perSecond = isBusy ? rate : calmRate;
    this.#clock.after((-Math.log(1 - this.#random.float()) / perSecond) * 1_000, () => this.#arrive());
    this.#request();
  }

  #request(): void {
    const exchange = this.#exchange();
    const { exchange: open, cancellation } = exchange;
    const record = this.#invariants.begin(open);
    if (this.#random.float() < 0.01) {
      this.#clock.after(this.#random.float() * 60, () =>
        cancellation.cancel(new ProxyError("client-closed")),
      );
    }
    this.#service(open).then(
      (reply) => {
        if (reply.kind !== "http" || reply.body.kind !== "stream") {
          record.ended(reply.kind === "http" ? reply.status : 101, undefined);
          return;
        }
        const { status } = reply;
        reply.body.source.start({
          write: () => true,
          end: () => record.ended(status, undefined),
          fail: (error) => record.ended(status, error),
        });
      },
      (thrown: unknown) => record.ended(undefined, asProxyError(thrown)),
    );
  }

  #exchange(): { readonly exchange: Exchange; readonly cancellation: CancellationSource } {
    const dice = this.#random.float();
    const cancellation = new CancellationSource();
    const target = `/${this.#random.below(50)}`;
    const method = dice < 0.8 ? "GET" : dice < 0.9 ? "POST" : "PUT";
    const body = method === "GET" ? {} : { body: new FedBody(6).feed("abc").feed("def").finish().body };
    const fields = ["Idempotency-Key", "1"];
    const exchange = testExchange({ method, target, fields, cancellation, ...body });
    this.#requests += 1;
    exchange.trail.attempts = 0;
    return { exchange: { ...exchange, id: String(this.#requests) }, cancellation };
  }
}

/** Disregards who may be tried. */
const anybody = (random: Random): Balancer => ({
  pick: ({ members }) => members[random.below(members.length)],
});

const sabotaged = (scenario: Scenario, sabotage: Sabotage | undefined): Scenario => {
  if (sabotage !== "retries without a budget" && sabotage !== "retries any method") return scenario;
  const retry = { retries: 3, rules: RETRY_RULES, replayBytes: 64, budget: RETRY_BUDGET };
  const broken =
    sabotage === "retries any method"
      ? { ...retry, rules: { ...RETRY_RULES, trustsIdempotencyKey: true } }
      : { ...retry, budget: { ratio: 3, perSecond: 1_000 } };
  // An open breaker would hide that retries have no bound.
  return { ...scenario, policy: { retry: broken } };
};

const balancerOf = (name: PolicyName, random: Random): Balancer => {
  const hashing = { keyOf: hashKey({ from: "path" }), random, bound: Infinity };
  switch (name) {
    case "two choices":
      return leastLoadedOfTwo(random);
    case "peak EWMA":
      return peakEwma(random);
    case "round robin":
      return roundRobin(random);
    case "random":
      return weightedRandom(random);
    case "least in flight":
      return leastInFlight(random);
    case "bounded ring":
      return consistentHash({ ...hashing, table: ringTable, bound: LOAD_BOUND });
    case "maglev":
      return consistentHash({ ...hashing, table: maglevTable });
    case "rendezvous":
      return consistentHash({ ...hashing, table: undefined });
    case "priority":
      return byPriority({ inner: () => leastLoadedOfTwo(random), random });
  }
};
