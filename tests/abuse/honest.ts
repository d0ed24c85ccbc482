/**
 * A process of its own: honest clients at a steady rate. Arguments: http or https, port, requests a second, seconds. Prints what
 * they met.
 */
import * as http from "node:http";
import * as https from "node:https";

const CONNECTIONS = 64;
const PATIENCE_MS = 10_000;

const [scheme, ...numbers] = process.argv.slice(2);
const [port = 0, rate = 400, seconds = 5] = numbers.map(Number);
const { Agent, get } = scheme === "https" ? https : http;
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, rejectUnauthorized: false });
const failures: Record<string, number> = {};
const latencies: number[] = [];
let isCounted = false;

const one = (dueAt: number): Promise<void> =>
  new Promise((resolve) => {
    const done = (failure: string | undefined): void => {
      if (isCounted && failure === undefined) latencies.push(performance.now() - dueAt);
      if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1;
      resolve();
    };
    const asked = {
      host: "127.0.0.1",
      port,
      path: "/",
      // The certificate's name, as the bad clients send it.
      servername: "abuse.test",
      headers: { host: "abuse.test" },
      agent,
      timeout: PATIENCE_MS,
    };
    const request = get(asked, (response) => {
      response.resume();
      response.on("end", () => done(response.statusCode === 200 ? undefined : String(response.statusCode)));
      response.on("error", () => done("response broken off"));
    });
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });

/** Sends `total` requests, each at its time. A late timer does not lower the rate, and counts as latency. */
const paced = (total: number): Promise<unknown> =>
  new Promise((resolve) => {
    const running: Promise<void>[] = [];
    const startedAt = performance.now();
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * rate));
      while (running.length < due) running.push(one(startedAt + (running.length / rate) * 1_000));
      if (running.length < total) return;
      clearInterval(timer);
      resolve(Promise.all(running));
    }, 1);
  });

// Connections and compiled code, on both sides.
await paced(rate / 2);
isCounted = true;
await paced(rate * seconds);
latencies.sort((a, b) => a - b);
const at = (share: number): number | null => latencies[Math.floor((latencies.length - 1) * share)] ?? null;
const lost = Object.values(failures).reduce((sum, count) => sum + count, 0);
process.stdout.write(
  `${JSON.stringify({ sent: rate * (seconds + 0.5), lost, failures, p50: at(0.5), p99: at(0.99) })}\n`,
);
agent.destroy();
