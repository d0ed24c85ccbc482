/** A process of its own: honest clients at a steady rate. Arguments: port, requests a second, seconds. Prints what they met. */
import { Agent, get } from "node:http";

const [port = 0, rate = 400, seconds = 5] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const latencies: number[] = [];
const total = rate * seconds;
let sent = 0;
let lost = 0;

const one = (): Promise<void> =>
  new Promise((resolve) => {
    const startedAt = performance.now();
    const done = (ok: boolean): void => {
      if (ok) latencies.push(performance.now() - startedAt);
      else lost += 1;
      resolve();
    };
    const request = get({ host: "127.0.0.1", port, path: "/", agent, timeout: 10_000 }, (response) => {
      response.resume();
      response.on("end", () => done(response.statusCode === 200));
      response.on("error", () => done(false));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => done(false));
  });

const running: Promise<void>[] = [];
const startedAt = performance.now();
const timer = setInterval(() => {
  // As many as are due: a late timer does not lower the rate.
  const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * rate));
  for (; sent < due; sent += 1) running.push(one());
  if (sent < total) return;
  clearInterval(timer);
  void Promise.all(running).then(() => {
    latencies.sort((a, b) => a - b);
    const at = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? Infinity;
    process.stdout.write(`${JSON.stringify({ sent, lost, p50: at(0.5), p99: at(0.99) })}\n`);
    agent.destroy();
  });
}, 5);
