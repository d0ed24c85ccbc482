/**
 * `npm run test:abuse`: bad clients beside honest ones, on every runtime, with nginx beside. `--short` takes fewer of them.
 * Fails where an honest request is lost, or where their p99 is more than twice the calm one and more than twice nginx's.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Child } from "../support/child.ts";
import { ROOT } from "../support/sources.ts";
import { type RuntimeName, startProxy } from "../support/runtimes.ts";
import {
  type Attack,
  churn,
  idle,
  slowHeaders,
  slowReaders,
  slowWriters,
  tinyChunks,
  unreadTunnels,
} from "./attacks.ts";
import { startNginxProxy } from "./nginx-proxy.ts";

const isShort = process.argv.includes("--short");
const RATE = 400;
const SECONDS = isShort ? 3 : 10;
/** Below this nothing is felt, whatever the ratio is. */
const FLOOR_MS = 5;
const NODE = join(ROOT, "node_modules/.bin/node");

interface Scenario {
  readonly name: string;
  readonly count: number;
  readonly attack: (port: number, count: number) => Attack;
}

const scaled = (count: number): number => (isShort ? Math.ceil(count / 4) : count);

const SCENARIOS: readonly Scenario[] = [
  { name: "calm", count: 0, attack: idle },
  { name: "1-byte chunks", count: 4, attack: tinyChunks },
  { name: "slow readers", count: scaled(300), attack: slowReaders },
  { name: "slow writers", count: scaled(300), attack: slowWriters },
  { name: "slow headers", count: scaled(1_000), attack: slowHeaders },
  { name: "idle connections", count: scaled(9_000), attack: idle },
  { name: "unread tunnels", count: scaled(100), attack: unreadTunnels },
  { name: "aborted transfers", count: 16, attack: churn },
];

interface Met {
  readonly sent: number;
  readonly lost: number;
  readonly p50: number;
  readonly p99: number;
}

interface Row extends Met {
  readonly contender: string;
  readonly scenario: string;
  /** Resident memory that each bad client costs, KiB. */
  readonly kibEach: number;
  /** Sockets that are left two seconds later. */
  readonly sockets: number;
}

interface Contender {
  readonly name: string;
  readonly port: number;
  readonly pids: readonly number[];
  readonly stop: () => Promise<void>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const residentKib = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return sum + Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }, 0);

const openFiles = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);

const honest = async (port: number): Promise<Met> => {
  const child = new Child("honest", NODE, [
    join(ROOT, "tests/abuse/honest.ts"),
    String(port),
    String(RATE),
    String(SECONDS),
  ]);
  const [text] = await child.printed(/^\{.*\}$/m, (SECONDS + 30) * 1_000);
  return JSON.parse(text) as Met;
};

const runOne = async (contender: Contender, { name, count, attack }: Scenario): Promise<Row> => {
  const before = residentKib(contender.pids);
  const bad = attack(contender.port, count);
  await sleep(1_000);
  const met = await honest(contender.port);
  const kibEach = count === 0 ? 0 : (residentKib(contender.pids) - before) / count;
  await bad.stop();
  await sleep(2_000);
  return { ...met, contender: contender.name, scenario: name, kibEach, sockets: openFiles(contender.pids) };
};

const fairlead = async (runtime: RuntimeName, origin: string): Promise<Contender> => {
  const proxy = await startProxy(runtime, {
    listen: { port: 0, host: "127.0.0.1" },
    upstreams: { main: origin },
    routes: [{ upstream: "main", bodyBytes: "unlimited" }],
  });
  return { name: runtime, port: proxy.port, pids: [proxy.child.pid], stop: () => proxy.stop() };
};

const tooSlow = (row: Row, rows: readonly Row[]): boolean => {
  const p99Of = (contender: string, scenario: string): number =>
    rows.find((each) => each.contender === contender && each.scenario === scenario)?.p99 ?? 0;
  const most = Math.max(FLOOR_MS, 2 * p99Of(row.contender, "calm"), 2 * p99Of("nginx", row.scenario));
  return row.p99 > most;
};

const columns = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? "").length)));
  return rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")).join("\n");
};

const main = async (): Promise<number> => {
  const origin = new Child("origin", NODE, [join(ROOT, "tests/abuse/origin.ts")]);
  const [, port = ""] = await origin.printed(/"port":(\d+)/);
  const url = `http://127.0.0.1:${port}`;
  const rows: Row[] = [];
  const starts: readonly (() => Promise<Contender | undefined>)[] = [
    () => startNginxProxy(Number(port)),
    ...(["node", "deno", "bun"] as const).map((runtime) => () => fairlead(runtime, url)),
  ];
  for (const start of starts) {
    const contender = await start();
    if (contender === undefined) continue;
    for (const scenario of SCENARIOS) {
      rows.push(await runOne(contender, scenario));
      process.stderr.write(`${contender.name}: ${scenario.name}\n`);
    }
    await contender.stop();
  }
  await origin.stop();
  const failures = rows.filter((row) => row.contender !== "nginx" && (row.lost > 0 || tooSlow(row, rows)));
  const table = [
    ["", "scenario", "lost", "p50 ms", "p99 ms", "KiB each", "files left", ""],
    ...rows.map((row) => [
      row.contender,
      row.scenario,
      `${row.lost}/${row.sent}`,
      row.p50.toFixed(1),
      row.p99.toFixed(1),
      row.kibEach.toFixed(0),
      String(row.sockets),
      failures.includes(row) ? "FAILED" : "",
    ]),
  ];
  process.stdout.write(`${columns(table)}\n`);
  return failures.length === 0 ? 0 : 1;
};

process.exitCode = await main();
