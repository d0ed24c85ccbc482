/**
 * Policies at scale: `npm run bench:scale -- [requests]`. Writes docs/balancing-scale.md and its plot.
 *
 * Cost: pick, lease, breaker and settle over 10 to 10,000 endpoints. Latency: 10,000 virtual endpoints, every tenth of them
 * five times as slow, 10 million requests for each policy (a tenth of a million for those that look at every endpoint).
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../src/core/platform.ts";
import type { Lease } from "../../src/core/lease.ts";
import { EXCHANGE, LINEAR, POLICIES, upstreamOf } from "./policies.ts";
import { scalePlot } from "./plot.ts";
import { type PolicyResult, scaleTable } from "./table.ts";
import { theoreticalBest, virtualLoad } from "./virtual-load.ts";

const ENDPOINTS = 10_000;
const COUNTS = [10, 100, 1_000, 10_000] as const;
const REQUESTS = Number(process.argv[2] ?? 10_000_000);
const LINEAR_REQUESTS = Math.min(REQUESTS, 200_000);
const ROUNDS = 7;
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Microseconds of one attempt, the fastest of some rounds: others share the machine. */
const costUs = (policy: string, endpoints: number): number => {
  const clock: Clock = { now: () => performance.now(), epoch: () => 0, after: () => () => {} };
  const upstream = upstreamOf(policy, endpoints, clock);
  const leases: Lease[] = Array.from({ length: 64 }, () => upstream.lease(EXCHANGE));
  const picks = LINEAR.has(policy) ? Math.max(200, 2_000_000 / endpoints) : 100_000;
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    for (let i = 0; i < picks; i++) {
      const slot = i & 63;
      const now = clock.now();
      leases[slot]?.settle({
        ending: "complete",
        progress: "done",
        status: 200,
        error: undefined,
        bytesSent: 0,
        bytesReceived: 0,
        reused: true,
        times: { startedAt: now, connectedAt: now, headAt: now + 1, endedAt: now + 1 },
      });
      leases[slot] = upstream.lease(EXCHANGE);
    }
    best = Math.min(best, ((performance.now() - startedAt) * 1_000) / picks);
  }
  return best;
};

const results: PolicyResult[] = [];
for (const policy of Object.keys(POLICIES)) {
  const requests = LINEAR.has(policy) ? LINEAR_REQUESTS : REQUESTS;
  const costs = COUNTS.map((count) => costUs(policy, count));
  const latency = virtualLoad({ policy, endpoints: LINEAR.has(policy) ? 1_000 : ENDPOINTS, requests });
  results.push({ policy, requests, costs, latency });
  process.stdout.write(
    `${policy}: ${costs.map((us) => us.toFixed(2)).join(" ")} µs, ${JSON.stringify(latency)}\n`,
  );
}
const best = theoreticalBest();
writeFileSync(at("../../docs/balancing-scale.svg"), scalePlot(results, best));
writeFileSync(at("../../docs/balancing-scale.md"), scaleTable(results, best, COUNTS));
