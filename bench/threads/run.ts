/**
 * What a request costs in two threads, against one: `npm run bench:threads -- [rounds] [seconds] [runtimes]`. Prints the table of
 * bench/README.md.
 *
 * Work inside the proxy alone, so that no upstream takes part. Nothing is pinned: threads, load generator and everything else
 * share the cores. What counts is CPU time of the proxy's process for each request, which leaves out the load generator's.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "../../src/config/types.ts";
import { freePort } from "../../tests/support/free-port.ts";
import { siteTexts } from "../load/certificate.ts";
import { type Child, startChild, stopAll } from "../load/children.ts";
import type { ScriptRuntime } from "../load/contender.ts";
import { runHandshakes } from "../load/generators.ts";
import { cpuSeconds } from "../load/proc.ts";
import { root } from "../load/programs.ts";
import { untilAnswers } from "../load/ready.ts";
import { SCENARIOS, type Scenario } from "../load/scenarios.ts";
import { scriptLaunch } from "../load/scripted.ts";
import { runWrk } from "../load/wrk.ts";
import { type Measured, threadTable } from "./table.ts";

const RUNTIMES = (process.argv[4] ?? "node,deno,bun").split(",") as readonly ScriptRuntime[];
const THREADS = [1, 2] as const;
const ROUNDS = Number(process.argv[2] ?? 8);
const SECONDS = Number(process.argv[3] ?? 1);
/** For each thread: until its code is compiled. */
const WARMUP_REQUESTS = { closed: 60_000, handshakes: 4_000 };
const MOST_WARMUPS = 25;
/** Each makes one connection after the other. So many keep both threads busy: with few, a thread works in smaller turns than one alone. */
const HANDSHAKERS = 48;
const REGEX_ROUTES = 20;
const START_TRIES = 3;

const [plain] = SCENARIOS as readonly [Scenario];
const WORK: Readonly<Record<string, Scenario>> = {
  "regex routes": { ...plain, path: `/v${REGEX_ROUTES - 1}/items/12345/parts/67` },
  "JSON reply": { ...plain, path: "/json" },
  "TLS handshakes": { ...plain, path: "/json", load: "handshakes", needs: "tls" },
};

const JSON_BODY = JSON.stringify({
  items: Array.from({ length: 20 }, (_, id) => ({ id, name: `item ${id}` })),
});

const configOf = (threads: number, port: number, tlsPort: number, folder: string): ConfigInput => ({
  threads,
  listen: { host: "127.0.0.1", port, also: [{ host: "127.0.0.1", port: tlsPort, tls: siteTexts(folder) }] },
  routes: [
    ...Array.from({ length: REGEX_ROUTES }, (_, version) => ({
      name: `regex ${version}`,
      match: { path: { regex: `^/v${version}/items/(?<item>[0-9]+)/parts/(?<part>[0-9]+)$` } },
      respond: { status: 200, body: "found\n" },
    })),
    {
      name: "json",
      match: { path: "/json" },
      respond: { status: 200, headers: { "content-type": "application/json" }, body: JSON_BODY },
    },
  ],
});

interface Running {
  readonly runtime: ScriptRuntime;
  readonly threads: number;
  readonly child: Child;
  readonly port: number;
  readonly tlsPort: number;
}

const start = async (runtime: ScriptRuntime, threads: number, folder: string): Promise<Running> => {
  const own = join(folder, `${runtime}-${threads}`);
  mkdirSync(own);
  const [port, tlsPort] = [await freePort(), await freePort()];
  const file = join(own, "fairlead.json");
  writeFileSync(file, JSON.stringify(configOf(threads, port, tlsPort, folder)));
  const launch = scriptLaunch(runtime, join(root, "bin/fairlead.ts"), ["start", "--config", file]);
  const child = startChild(`${runtime} with ${threads}`, launch, undefined);
  // On a busy machine a start of several threads takes its time.
  for (let tries = START_TRIES; ; tries -= 1) {
    const answered = await untilAnswers(child, port, "/json").catch((error: unknown) => error);
    if (!(answered instanceof Error)) break;
    if (tries === 0) throw answered;
  }
  return { runtime, threads, child, port, tlsPort };
};

interface Run {
  readonly requests: number;
  /** CPU microseconds of the proxy for each of them. */
  readonly cpuUs: number;
}

const runOnce = async (scenario: Scenario, running: Running, seconds: number): Promise<Run> => {
  const { child, port, tlsPort } = running;
  const aim = { port: scenario.needs === "tls" ? tlsPort : port, pid: child.pid, core: undefined, seconds };
  const before = cpuSeconds(child.pid);
  const samples =
    scenario.load === "handshakes"
      ? await Promise.all(Array.from({ length: HANDSHAKERS }, () => runHandshakes(scenario, aim, 1, folder)))
      : [await runWrk(scenario, aim)];
  const spent = cpuSeconds(child.pid) - before;
  const requests = samples.reduce((sum, sample) => sum + sample.requests, 0);
  const wrong = samples.reduce((sum, { errors, errorStatuses }) => sum + errors + errorStatuses, 0);
  if (requests === 0 || wrong > requests / 1_000)
    throw new Error(`${child.name}: ${wrong} of ${requests} failed`);
  return { requests, cpuUs: (spent / requests) * 1e6 };
};

const warmUp = async (scenario: Scenario, running: Running): Promise<void> => {
  let left = running.threads * WARMUP_REQUESTS[scenario.load === "handshakes" ? "handshakes" : "closed"];
  for (let tries = 0; left > 0 && tries < MOST_WARMUPS; tries += 1)
    left -= (await runOnce(scenario, running, 1)).requests;
};

const folder = mkdtempSync(join(tmpdir(), "fairlead-threads-"));
try {
  const all: Running[] = [];
  for (const runtime of RUNTIMES)
    for (const threads of THREADS) all.push(await start(runtime, threads, folder));
  // Compiled by one of them before several need it.
  const [first] = all as [Running, ...Running[]];
  await runHandshakes(
    WORK["TLS handshakes"] as Scenario,
    { port: first.tlsPort, pid: first.child.pid, core: undefined, seconds: 1 },
    1,
    folder,
  );
  const measured: Measured[] = [];
  for (const [work, scenario] of Object.entries(WORK)) {
    for (const running of all) await warmUp(scenario, running);
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const running of all) {
        const { cpuUs, requests } = await runOnce(scenario, running, SECONDS);
        const { runtime, threads } = running;
        measured.push({ work, runtime, threads, round, cpuUs });
        process.stderr.write(
          `${work} ${round}/${ROUNDS} ${runtime} × ${threads}: ${cpuUs.toFixed(1)} µs, ${requests} requests\n`,
        );
      }
    }
  }
  process.stdout.write(threadTable(measured, RUNTIMES, Object.keys(WORK)));
} finally {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
}
