/**
 * CPU time that a request costs in a gateway with the feature that the argument names, without the network. Prints JSON: the
 * microseconds of each round. A process for each feature, since code that has seen several gateways is slower.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { engineLogOutputs } from "../../runtimes/engine/log/log-outputs.ts";
import { webRandom } from "../../runtimes/fetch/random.ts";
import { memoryPlatform } from "../../runtimes/memory/platform.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { ConfigInput } from "../../src/config/types.ts";
import type { Arrival } from "../../src/core/arrival.ts";
import { NO_BODY } from "../../src/core/body.ts";
import { CancellationSource } from "../../src/core/cancellation.ts";
import type { Clock, Platform, Transport } from "../../src/core/platform.ts";
import { type Gateway, buildGateway } from "../../src/gateway.ts";
import { readFields } from "../../src/http/read-fields.ts";
import { createMetrics } from "../../src/observation.ts";
import type { Telemetry } from "../../src/core/telemetry.ts";
import type { Feature } from "./features.ts";
import { countedBy, openTelemetry, promClient } from "./metric-libraries.ts";

const WARM_UP_ROUNDS = 3;
const ROUNDS = 6;
const REQUESTS = 20_000;
const IN_FLIGHT = 64;

const folder = mkdtempSync(join(tmpdir(), "fairlead-features-"));
const clock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
const bytes = new Uint8Array(1024);

const transport: Transport = {
  async send(attempt) {
    const now = clock.now();
    attempt.settle({
      ending: "complete",
      progress: "done",
      status: 200,
      error: undefined,
      bytesSent: 0,
      bytesReceived: bytes.byteLength,
      reused: true,
      times: { startedAt: now, connectedAt: now, headAt: now, endedAt: now },
    });
    return {
      kind: "http",
      status: 200,
      fields: ["content-type", "text/plain"],
      body: { kind: "bytes", bytes },
    };
  },
  close: async () => {},
};

const platform: Platform = {
  ...memoryPlatform(),
  clock,
  random: webRandom(),
  transport,
  telemetry: {},
  logs: engineLogOutputs(clock),
  // Nobody listens: what would be sent waits, and is dropped.
  post: async () => ({ status: 503, retryAfter: undefined, body: new Uint8Array() }),
};

const endpoints = ["http://10.0.0.1:3000", "http://10.0.0.2:3000"];
const bare = {
  endpoints,
  balance: "round-robin",
  breaker: false,
  retry: false,
  ejection: false,
  slowStart: 0,
} as const;
const resilient = { endpoints, balance: "p2c", breaker: {}, retry: {}, health: "/healthz" } as const;
const silent: ConfigInput = {
  upstreams: { app: bare },
  log: { level: "off", access: { requests: "none" } },
};
const measured = { admin: { port: 0 } } as const;
const logged = {
  log: {
    level: "off",
    access: { requests: "all", format: "json", output: join(folder, "access.log") },
  },
} as const;
const traced = { telemetry: { traces: { sample: 0.01, url: "http://127.0.0.1:9/v1/traces" } } } as const;

const CONFIGS: Readonly<Record<Feature, ConfigInput>> = {
  nothing: silent,
  resilience: { ...silent, upstreams: { app: resilient } },
  metrics: { ...silent, ...measured },
  "the same metrics by @opentelemetry/sdk-metrics": silent,
  "the same metrics by prom-client": silent,
  "access log": { ...silent, ...logged },
  "1 % traces": { ...silent, ...traced },
  "metrics, access log, 1 % traces": { ...silent, ...measured, ...logged, ...traced },
};

const LIBRARIES: Partial<Record<Feature, () => Telemetry>> = {
  "the same metrics by @opentelemetry/sdk-metrics": () => countedBy(openTelemetry()),
  "the same metrics by prom-client": () => countedBy(promClient()),
};

const gatewayWith = (feature: Feature): Gateway => {
  const config = parseConfig(CONFIGS[feature]);
  const telemetry = LIBRARIES[feature]?.() ?? platform.telemetry;
  const gateway = buildGateway(
    config,
    { ...platform, telemetry },
    { metrics: createMetrics(config, platform) },
  );
  // The first health checks, which pass.
  void gateway.upkeep.runDue();
  return gateway;
};

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const fields = Object.entries({
  host: "127.0.0.1:8080",
  "user-agent": FIREFOX,
  accept: "*/*",
  "accept-encoding": "gzip, deflate, br",
  cookie: "session=0123456789abcdef",
}).flat();

const arrival = (target: string): Arrival => ({
  method: "GET",
  scheme: "http",
  target,
  authority: undefined,
  version: "1.1",
  fields,
  ...readFields(fields, "1.1"),
  body: NO_BODY,
  peer: { address: "127.0.0.1", port: 1 },
  localPort: 80,
  cancellation: new CancellationSource(),
  request: undefined,
  switchesTo: "bytes",
  interim() {},
});

const one = async (gateway: Gateway, target: string): Promise<void> => {
  const { ended } = await gateway.answer(arrival(target));
  ended(undefined, bytes.byteLength);
};

/** Microseconds of CPU time a request. */
const round = async (gateway: Gateway): Promise<number> => {
  const before = process.cpuUsage();
  for (let sent = 0; sent < REQUESTS; sent += IN_FLIGHT) {
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, (_, index) =>
        one(gateway, `/products/${(sent + index) % 1000}?page=2`),
      ),
    );
    // Timers and what is written run between turns, as in a server.
    await new Promise((resolve) => void setTimeout(resolve));
  }
  await platform.logs?.flush(1_000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
};

const gateway = gatewayWith(process.argv[2] as Feature);
for (let index = 0; index < WARM_UP_ROUNDS; index += 1) await round(gateway);
const costs: number[] = [];
for (let index = 0; index < ROUNDS; index += 1) costs.push(await round(gateway));
rmSync(folder, { recursive: true });
process.stdout.write(`${JSON.stringify(costs)}\n`);
process.exit();
