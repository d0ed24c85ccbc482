/** A request's way through a gateway to a transport that answers at once: with resilience on and off. */
import { do_not_optimize } from "mitata";
import { webRandom } from "../../runtimes/fetch/random.ts";
import { memoryPlatform } from "../../runtimes/memory/platform.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { UpstreamInput } from "../../src/config/types.ts";
import type { Arrival } from "../../src/core/arrival.ts";
import { NO_BODY } from "../../src/core/body.ts";
import { CancellationSource } from "../../src/core/cancellation.ts";
import type { Clock, Platform, Transport } from "../../src/core/platform.ts";
import { type Gateway, buildGateway } from "../../src/gateway.ts";
import { readFields } from "../../src/http/read-fields.ts";
import type { Suite } from "./suite.ts";

const clock: Clock = { now: () => performance.now(), epoch: () => Date.now(), after: () => () => {} };
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

const platform: Platform = { ...memoryPlatform(), clock, random: webRandom(), transport, telemetry: {} };
const endpoints = ["http://10.0.0.1:3000", "http://10.0.0.2:3000"];

const UPSTREAMS: Readonly<Record<string, UpstreamInput>> = {
  off: { endpoints, balance: "round-robin", breaker: false, retry: false, ejection: false, slowStart: 0 },
  on: { endpoints, balance: "p2c", breaker: {}, retry: {}, health: "/healthz" },
};

const gatewayOf = (upstream: UpstreamInput): Gateway => {
  const gateway = buildGateway(parseConfig({ upstreams: { app: upstream } }), platform);
  // The first checks, which pass.
  void gateway.upkeep.runDue();
  return gateway;
};

const fields = ["host", "example.test", "user-agent", "bench", "accept", "*/*"];

const arrival = (): Arrival => ({
  method: "GET",
  scheme: "http",
  target: "/a",
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

export const suites = (): Suite[] => [
  {
    title: "gateway without network, two endpoints",
    benches: Object.fromEntries(
      Object.entries(UPSTREAMS).map(([name, upstream]) => {
        const gateway = gatewayOf(upstream);
        const answer = async (): Promise<void> => {
          const { reply, ended } = await gateway.answer(arrival());
          ended(undefined, bytes.byteLength);
          do_not_optimize(reply);
        };
        return [`resilience ${name}`, answer];
      }),
    ),
  },
];
