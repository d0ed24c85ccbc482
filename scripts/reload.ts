/**
 * Reloads the config again and again while requests are answered and WebSockets are open, on Node, Deno and Bun; prints a table.
 *
 *     npm run test:reload -- --runtimes node,bun --requests 1000000 --reloads 1000 --seconds 290
 *
 * The exit code is 1 where a request failed, was answered by an earlier config, or a WebSocket was closed.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { COMMAND_RUNTIMES } from "../tests/support/command.ts";
import { type ReloadFigures, reloadUnderLoad } from "../tests/support/reload-load.ts";

const { values } = parseArgs({
  options: {
    runtimes: { type: "string", default: "node,deno,bun" },
    requests: { type: "string", default: "1000000" },
    reloads: { type: "string", default: "1000" },
    /** Of the proxy. */
    threads: { type: "string" },
    /** For each runtime. */
    seconds: { type: "string", default: "290" },
  },
});

const ms = (value: number): string => value.toFixed(2);

const line = (runtime: string, figures: ReloadFigures): string =>
  [
    runtime,
    `${figures.during.requests} requests`,
    `${figures.reloads} reloads`,
    `${figures.failed.length} failed`,
    `${figures.stale} stale`,
    `${figures.closedSockets} WebSockets closed (${figures.messages} messages)`,
    `p50 ${ms(figures.calm.p50Ms)} → ${ms(figures.during.p50Ms)} ms`,
    `p99 ${ms(figures.calm.p99Ms)} → ${ms(figures.during.p99Ms)} ms`,
    `${figures.calm.perSecond} → ${figures.during.perSecond}/s`,
    `memory ${figures.memory.join(" ")} MiB`,
  ].join(" · ");

let isGood = true;
for (const runtime of COMMAND_RUNTIMES.filter((name) => values.runtimes.split(",").includes(name))) {
  const requests = Number(values.requests);
  const figures = await reloadUnderLoad({
    runtime,
    requests,
    reloads: Number(values.reloads),
    calmRequests: Math.ceil(requests / 20),
    boundMs: Number(values.seconds) * 1_000,
    ...(values.threads !== undefined && { threads: Number(values.threads) }),
  });
  process.stdout.write(`${line(runtime, figures)}\n`);
  for (const failure of new Set(figures.failed.slice(0, 5)))
    process.stdout.write(`  ${JSON.stringify(failure)}\n`);
  isGood &&= figures.failed.length === 0 && figures.stale === 0 && figures.closedSockets === 0;
}
process.exitCode = isGood ? 0 : 1;
