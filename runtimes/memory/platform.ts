/** A platform in memory: for tests of a config, without network, time or chance. */
import { CAPABILITIES, type Capability } from "../../src/core/capability.ts";
import { type LogOutputs, outputByLine } from "../../src/core/log-output.ts";
import type { Platform } from "../../src/core/platform.ts";
import { type ExchangeReport, type FailureReport, isFailure } from "../../src/core/telemetry.ts";
import { createPlatform } from "../platform.ts";
import { ManualClock } from "./clock.ts";
import { seededRandom } from "./random.ts";
import type { ScriptedUpstream } from "./scripted-upstream.ts";
import { memoryTransport } from "./transport.ts";

export interface MemoryPlatformOptions {
  /**
   * Upstream servers by scheme, host and port (`"http://10.0.0.1:3000"`) or by socket (`"unix:/run/app.sock"`). One that is
   * missing refuses connections. @default {}
   */
  readonly upstreams?: Readonly<Record<string, ScriptedUpstream>>;
  /** @default 1 */
  readonly seed?: number;
  /** Wall time at the start, in milliseconds since 1970. @default 0 */
  readonly epochMs?: number;
  /** Address that requests come from. @default "192.0.2.1" */
  readonly peer?: string;
}

/** A platform in a test's hands. */
export interface MemoryPlatform extends Platform {
  readonly clock: ManualClock;
  /** Every exchange that has ended, in order. */
  readonly reports: readonly ExchangeReport[];
  /** Those that failed, before or after the response's head. */
  readonly failures: readonly FailureReport[];
  /** What was logged, to whatever output. */
  readonly lines: readonly string[];
}

/**
 * Has every capability, so that any config can be tested: by `testGateway`, or as the `platform` option of `gateway` and
 * `proxyTo`.
 *
 * @throws TypeError when a key of `upstreams` names no server, or two name the same.
 */
export const memoryPlatform = (options: MemoryPlatformOptions = {}): MemoryPlatform => {
  const clock = new ManualClock(options.epochMs);
  const reports: ExchangeReport[] = [];
  const failures: FailureReport[] = [];
  const lines: string[] = [];
  const peer = { address: options.peer ?? "192.0.2.1", port: undefined };
  const transport = memoryTransport({ upstreams: options.upstreams ?? {}, clock });
  const platform = createPlatform({
    name: "memory",
    capabilities: new Set(Object.keys(CAPABILITIES) as Capability[]),
    clock,
    random: seededRandom(options.seed),
    transport,
    fetchTransport: transport,
    telemetry: {
      exchangeEnded(report) {
        reports.push(report);
        if (isFailure(report)) failures.push(report);
      },
    },
    logs: linesIn(lines),
    server: { peer },
  });
  return { ...platform, clock, reports, failures, lines };
};

const linesIn = (lines: string[]): LogOutputs => ({
  open: () => outputByLine((line) => void lines.push(line)),
  use() {},
  keepOnly() {},
  reopen() {},
  flush: async () => {},
});
