/** Several threads that answer requests: what they share, and what becomes of one that ends. */
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { CAPABILITIES_OF } from "../support/capabilities.ts";
import { freePort } from "../support/free-port.ts";
import { ModuleCommand } from "../support/module-command.ts";
import { samplesIn } from "../support/exposition.ts";
import { RUNTIMES } from "../support/runtimes.ts";

const SERVED = RUNTIMES.filter((runtime) => runtime !== "workerd");
const THREADS = 2;

/** A config as a module. Its middleware names the thread, and does to it what the path says. */
const moduleWith = (settings: Record<string, unknown>, name = "one"): string => `
import { threadId } from "node:worker_threads";
import process from "node:process";
const kept = [];
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const act = async (c, next) => {
  switch (c.req.path) {
    case "/throw":
      setTimeout(() => { throw new Error("nobody catches this"); }, 1);
      await wait(60_000);
      break;
    case "/exit":
      process.exit(3);
      break;
    case "/heap":
      for (;;) {
        for (let i = 0; i < 200_000; i += 1) kept.push({ i, list: [i, i] });
        await wait(1);
      }
    case "/spin":
      for (;;);
    case "/slow":
      await wait(1_500);
  }
  await next();
  c.header("x-thread", String(threadId));
  c.header("x-module", "${name}");
};
export default {
  threads: ${THREADS},
  listen: { port: 0, host: "127.0.0.1", drain: { delay: 0 } },
  admin: { port: 0 },
  middleware: [act],
  routes: [{ name: "all", respond: { status: 200, body: "${name}\\n" } }],
  ...${JSON.stringify(settings)},
};
`;

interface Answer {
  readonly status: number;
  readonly thread: string;
  readonly module: string;
  readonly text: string;
}

/** On a connection of its own, so that any thread may get it. */
const ask = async (url: string): Promise<Answer> => {
  const response = await fetch(url, { headers: { connection: "close" } });
  const text = await response.text();
  const field = (name: string): string => response.headers.get(name) ?? "";
  return { status: response.status, thread: field("x-thread"), module: field("x-module"), text };
};

/** As many answers, one after the other. */
const askTimes = async (url: string, times: number): Promise<Answer[]> => {
  const answers: Answer[] = [];
  for (let i = 0; i < times; i += 1) answers.push(await ask(url));
  return answers;
};

const threadsOf = (answers: readonly Answer[]): ReadonlySet<string> =>
  new Set(answers.map(({ thread }) => thread));

const until = async (what: string, isSo: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> => {
  const end = performance.now() + ms;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`gave up waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** The sum of the samples of a family whose labels say so. */
const metric = async (
  { adminUrl }: ModuleCommand,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> => {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return samplesIn(text)
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
};

const answered = (command: ModuleCommand): Promise<number> =>
  metric(command, "http_server_request_duration_seconds_count", { fairlead_route: "all" });

interface NamedOrigin {
  readonly url: string;
  readonly stop: () => void;
}

/** Answers everything with its name. */
const namedOrigin = async (name: string): Promise<NamedOrigin> => {
  const server = createServer((_, response) => response.end(name));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
};

/** How many sockets of this machine listen on a port of IPv4. */
const listenersAt = (port: number): number => {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A `;
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .filter((line) => line.includes(local)).length;
};

/** Takes requests and never answers. */
const silentCollector = async (): Promise<NamedOrigin> => {
  const server = createServer((request) => void request.resume());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
};

/** Two seconds, and some for a machine that does other things. One signal or thread after the other took over four. */
const STOP_MS = 3_800;

describe.each(SERVED)("threads on %s", (runtime) => {
  let command: ModuleCommand | undefined;
  const start = async (settings: Record<string, unknown> = {}): Promise<ModuleCommand> =>
    (command = await ModuleCommand.start(runtime, moduleWith(settings)));
  afterEach(async () => {
    await command?.stop();
    command = undefined;
  });

  test("requests spread over all threads, and the metrics of all add up exactly", async () => {
    const running = await start();
    const answers = await askTimes(running.url, 60);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(threadsOf(answers).size).toBe(THREADS);
    expect(await answered(running)).toBe(60);
    expect(await metric(running, "fairlead_process_threads")).toBe(THREADS);
    expect(await metric(running, "fairlead_server_connections_accepted_total")).toBe(60);
    expect(await metric(running, "http_server_active_requests")).toBe(0);
  });

  test("health checks reach an endpoint once an interval, and every thread goes by the results", async () => {
    let probes = 0;
    let status = 200;
    const origin = createServer((request, response) => {
      if (request.url === "/healthz") probes += 1;
      response.writeHead(request.url === "/healthz" ? status : 200);
      response.end("origin");
    });
    await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
    const { port } = origin.address() as AddressInfo;
    try {
      const health = {
        path: "/healthz",
        interval: "400ms",
        fastInterval: "200ms",
        failures: 1,
        successes: 1,
      };
      const running = await start({
        upstreams: { main: { endpoints: [`http://127.0.0.1:${port}`], health, panic: 0 } },
        routes: [{ name: "all", upstream: "main" }],
      });
      await until("the first check", () => probes > 0);
      const before = probes;
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      // Each thread by itself would make twice as many. Jitter is a tenth.
      expect(probes - before).toBeGreaterThanOrEqual(6);
      expect(probes - before).toBeLessThanOrEqual(12);
      expect(await metric(running, "fairlead_endpoint_healthy")).toBe(1);
      status = 500;
      await until(
        "the endpoint to be down",
        async () => (await metric(running, "fairlead_endpoint_healthy")) === 0,
      );
      // Once, not by each thread.
      expect(
        await metric(running, "fairlead_endpoint_health_changes_total", { fairlead_health: "down" }),
      ).toBe(1);
      // No endpoint is healthy: each thread disregards health, and says so.
      const answers = await askTimes(running.url, 30);
      expect(answers.every(({ text }) => text === "origin")).toBe(true);
      expect(await metric(running, "fairlead_upstream_panics_total")).toBeGreaterThanOrEqual(1);
      expect(running.child.stderr.match(/is down/g) ?? []).toHaveLength(1);
    } finally {
      origin.closeAllConnections();
      origin.close();
    }
  });

  const losses = [
    { path: "/throw", cause: "error" },
    { path: "/exit", cause: "exit" },
    ...(CAPABILITIES_OF[runtime].has("thread-memory") ? [{ path: "/heap", cause: "out-of-memory" }] : []),
  ];

  test.each(losses)(
    "a thread that ends ($path) takes only its own requests with it",
    async ({ path, cause }) => {
      const running = await start();
      await askTimes(running.url, 10);
      // In flight on both threads, most likely: some of them fail with the thread, and none of the other's.
      const inFlight = Array.from({ length: 12 }, () => ask(`${running.url}/slow`).catch(() => undefined));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await expect(ask(`${running.url}${path}`)).rejects.toThrow(/fetch failed/);
      const results = await Promise.all(inFlight);
      const survivors = new Set(results.flatMap((answer) => (answer === undefined ? [] : [answer.thread])));
      // A thread that takes memory ends after them.
      expect(survivors.size).toBeLessThanOrEqual(cause === "out-of-memory" ? THREADS : 1);
      await until(
        "the loss to be counted",
        async () =>
          (await metric(running, "fairlead_process_threads_lost_total", { error_type: cause })) === 1,
      );
      await until(
        "another thread to take its place",
        async () => (await metric(running, "fairlead_process_threads")) === THREADS,
      );
      const after = await askTimes(running.url, 40);
      expect(after.every(({ status }) => status === 200)).toBe(true);
      expect(threadsOf(after).size).toBe(THREADS);
      expect(running.child.stderr).toMatch(/"event":"server\.thread".*has ended/);
      expect(await metric(running, "http_server_active_requests")).toBe(0);
      // What the lost thread had counted stays.
      const whole = results.filter((answer) => answer !== undefined).length;
      expect(await answered(running)).toBe(10 + whole + 40);
      expect(running.child.exit).toBeUndefined();
    },
  );

  test("a thread whose code does not return is replaced by the next reload, which it holds up for seconds", async () => {
    const running = await start();
    const spinning = ask(`${running.url}/spin`).catch(() => undefined);
    await until(
      "the request to reach its thread",
      async () => (await metric(running, "http_server_active_requests")) === 1,
    );
    running.write(moduleWith({}, "two"));
    running.child.signal("SIGHUP");
    const [, number] = await running.child.printed(
      /thread (\d) has ended: it did not answer for 10 s, so its code does not return; another takes its place/,
      30_000,
    );
    expect(["1", "2"]).toContain(number);
    await running.child.printed(/another config is in effect/);
    await until(
      "another thread to take its place",
      async () => (await metric(running, "fairlead_process_threads")) === THREADS,
    );
    const lost = { error_type: "unresponsive" };
    expect(await metric(running, "fairlead_process_threads_lost_total", lost)).toBe(1);
    const leaves = !CAPABILITIES_OF[runtime].has("thread-sockets");
    expect(running.child.stderr.includes("restart the process soon")).toBe(leaves);
    expect(listenersAt(running.port)).toBe(leaves ? THREADS + 1 : THREADS);
    // One of them hangs.
    if (leaves) return;
    expect(await spinning).toBeUndefined();
    const answers = await askTimes(running.url, 40);
    expect(new Set(answers.map(({ module }) => module))).toEqual(new Set(["two"]));
    expect(threadsOf(answers).size).toBe(THREADS);
  });

  test("a thread that can't begin ends the start with its reason", async () => {
    const text = moduleWith({}).replace(
      "const kept",
      "if (threadId !== 0) throw new Error('not in a thread');\nconst kept",
    );
    const failed = ModuleCommand.start(runtime, text);
    await expect(failed).rejects.toThrow(/not in a thread/);
  });

  test("the admin listener answers once all threads do", async () => {
    const port = await freePort();
    const slow = `if (threadId !== 0) await new Promise((resolve) => setTimeout(resolve, 1_500));
const kept`;
    const text = moduleWith({ admin: { port } }).replace("const kept", slow);
    const started = ModuleCommand.start(runtime, text);
    const seen = { isOver: false };
    const over = (): void => void (seen.isOver = true);
    void started.then(over, over);
    let early = 0;
    let answered = 0;
    while (!seen.isOver) {
      const signal = AbortSignal.timeout(300);
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal }).catch(() => undefined);
      if (answer !== undefined) answered = performance.now();
      else early += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    command = await started;
    expect(early).toBeGreaterThan(2);
    expect(answered === 0 || performance.now() - answered < 1_000).toBe(true);
    expect((await fetch(`${command.adminUrl}/readyz`)).status).toBe(200);
  });

  test("a stop finishes what all threads have in flight", async () => {
    const running = await start();
    const slow = Array.from({ length: 16 }, () => ask(`${running.url}/slow`));
    await until(
      "all to be in flight",
      async () => (await metric(running, "http_server_active_requests")) === 16,
    );
    running.child.signal("SIGTERM");
    const answers = await Promise.all(slow);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(threadsOf(answers).size).toBe(THREADS);
    expect(await running.child.ended()).toEqual({ code: 0, signal: null });
    expect(running.child.stderr.match(/finishing what is in flight"/g)).toHaveLength(1);
  });

  test("a limit of client connections holds for all threads together", async () => {
    const running = await start({
      listen: { port: 0, host: "127.0.0.1", drain: { delay: 0 }, limits: { connections: 6 } },
    });
    const sockets = Array.from({ length: 12 }, () => connect(running.port, "127.0.0.1"));
    let closed = 0;
    for (const socket of sockets) socket.on("error", () => {}).on("close", () => (closed += 1));
    await until("six of them to be closed", () => closed === 6);
    expect(await metric(running, "fairlead_server_connections")).toBe(6);
    for (const socket of sockets) socket.destroy();
    await until("room again", async () => (await metric(running, "fairlead_server_connections")) === 0);
    expect((await ask(running.url)).status).toBe(200);
  });

  test("a limit of requests in progress holds for all threads together, and those that wait get in", async () => {
    let most = 0;
    let inProgress = 0;
    const origin = createServer((_, response) => {
      inProgress += 1;
      most = Math.max(most, inProgress);
      setTimeout(() => {
        inProgress -= 1;
        response.end("origin");
      }, 100);
    });
    await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
    const { port } = origin.address() as AddressInfo;
    try {
      const running = await start({
        upstreams: {
          main: {
            endpoints: [`http://127.0.0.1:${port}`],
            concurrency: { limit: 3, queue: 100, queueTimeout: "20s" },
          },
        },
        routes: [{ name: "all", upstream: "main" }],
      });
      const answers = await Promise.all(Array.from({ length: 30 }, () => ask(running.url)));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      expect(threadsOf(answers).size).toBe(THREADS);
      expect(most).toBe(3);
    } finally {
      origin.closeAllConnections();
      origin.close();
    }
  });

  test("log lines of all threads are whole, in files that one thread rotates", async () => {
    const running = await start({
      log: { access: { requests: "all", output: "access.log" }, rotate: { size: "20KB", keep: 50 } },
    });
    const asked = 400;
    await Promise.all(Array.from({ length: 8 }, () => askTimes(running.url, asked / 8)));
    running.child.signal("SIGTERM");
    await running.child.ended();
    const names = readdirSync(running.directory).filter((name) => name.startsWith("access.log"));
    expect(names.length).toBeGreaterThan(1);
    const lines = names.flatMap((name) =>
      readFileSync(join(running.directory, name), "utf8").trimEnd().split("\n"),
    );
    const ids = new Set(lines.map((line) => (JSON.parse(line) as { readonly requestId: string }).requestId));
    expect(lines).toHaveLength(asked);
    expect(ids.size).toBe(asked);
  });

  test("log files that were moved away are begun anew on SIGUSR2, and no line of any thread is lost", async () => {
    const running = await start({ log: { access: { requests: "all", output: "access.log" } } });
    const [path, old] = ["access.log", "access.log.old"].map((name) => join(running.directory, name));
    const linesOf = (file = ""): string[] =>
      existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
    const first = await askTimes(running.url, 30);
    await until("the first lines", () => linesOf(path).length === 30);
    renameSync(path ?? "", old ?? "");
    const second = await askTimes(running.url, 30);
    running.child.signal("SIGUSR2");
    await until("a new file", () => existsSync(path ?? ""));
    const third = await askTimes(running.url, 30);
    await until("all lines", () => linesOf(path).length + linesOf(old).length === 90);
    for (const answers of [first, second, third]) expect(threadsOf(answers).size).toBe(THREADS);
    const ids = [...linesOf(old), ...linesOf(path)].map(
      (line) => (JSON.parse(line) as { readonly requestId: string }).requestId,
    );
    expect(new Set(ids).size).toBe(90);
    // Of the third part each line is in the new file, whichever thread it is of.
    expect(linesOf(path).length).toBeGreaterThanOrEqual(30);
    expect(running.child.stderr).not.toContain("lost");
  });

  test("a reload changes all threads, and a bad one none", async () => {
    const running = await start();
    expect((await ask(running.url)).module).toBe("one");
    running.write(moduleWith({}, "two"));
    running.child.signal("SIGHUP");
    await running.child.printed(/reloaded/);
    const answers = await askTimes(running.url, 40);
    expect(new Set(answers.map(({ module, text }) => `${module} ${text}`))).toEqual(new Set(["two two\n"]));
    expect(threadsOf(answers).size).toBe(THREADS);
    running.write(moduleWith({ routes: [{ name: "all", respond: { status: 2000 } }] }, "three"));
    running.child.signal("SIGHUP");
    await running.child.printed(/the config before goes on/);
    const still = await askTimes(running.url, 20);
    expect(new Set(still.map(({ module }) => module))).toEqual(new Set(["two"]));
    expect(await metric(running, "fairlead_config_generation")).toBe(2);
    // A thread that takes a lost one's place has the config in effect.
    running.write(moduleWith({}, "two"));
    await ask(`${running.url}/exit`).catch(() => {});
    await until(
      "another thread",
      async () =>
        (await metric(running, "fairlead_process_threads_lost_total")) === 1 &&
        (await metric(running, "fairlead_process_threads")) === THREADS,
    );
    const late = await askTimes(running.url, 40);
    expect(new Set(late.map(({ module }) => module))).toEqual(new Set(["two"]));
  });

  test("a config that fails in one thread while another still prepares it is given up in all", async () => {
    const running = await start();
    const [first = ""] = threadsOf(await askTimes(running.url, 40));
    // At once in one thread, and later than that in the others.
    const uneven = `if (threadId === ${first}) throw new Error("not in this one");
if (threadId !== 0) await new Promise((resolve) => setTimeout(resolve, 1_000));
const kept`;
    running.write(moduleWith({}, "two").replace("const kept", uneven));
    running.child.signal("SIGHUP");
    await running.child.printed(/not in this one[^]*the config before goes on/);
    running.write(moduleWith({}, "three"));
    running.child.signal("SIGHUP");
    await running.child.printed(/reloaded/);
    const answers = await askTimes(running.url, 40);
    expect(new Set(answers.map(({ module }) => module))).toEqual(new Set(["three"]));
    expect(threadsOf(answers).size).toBe(THREADS);
  });

  test("a thread that begins while a config is prepared gets it too", async () => {
    const running = await start();
    const ids = [...threadsOf(await askTimes(running.url, 40))];
    // The thread that stays takes so long that the one in the place of the other has begun before.
    const slow = `if ([${ids.join(", ")}].includes(threadId)) await new Promise((resolve) => setTimeout(resolve, 5_000));
const kept`;
    running.write(moduleWith({}, "two").replace("const kept", slow));
    await ask(`${running.url}/exit`).catch(() => {});
    running.child.signal("SIGHUP");
    await running.child.printed(/reloaded/, 30_000);
    const threads = THREADS;
    await until("all threads", async () => (await metric(running, "fairlead_process_threads")) === threads);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const answers = await askTimes(running.url, 40);
    expect(threadsOf(answers).size).toBe(THREADS);
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(["two\n"]));
  });

  test("what is changed by hand holds in all threads, and in one that begins later", async () => {
    const origins = await Promise.all(["a", "b"].map((name) => namedOrigin(name)));
    try {
      const [a = "", b = ""] = origins.map(({ url }) => url);
      const running = await start({
        upstreams: { main: { endpoints: [a, b], balance: "round-robin" } },
        routes: [{ name: "all", upstream: "main" }],
      });
      const post = (path: string, body: object): Promise<Response> =>
        fetch(`${running.adminUrl}${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      const texts = async (): Promise<ReadonlySet<string>> =>
        new Set((await askTimes(running.url, 30)).map(({ text }) => text));
      expect(await texts()).toEqual(new Set(["a", "b"]));
      expect((await post("/api/endpoints/drain", { upstream: "main", endpoint: a })).status).toBe(200);
      expect(await texts()).toEqual(new Set(["b"]));
      await ask(`${running.url}/exit`).catch(() => {});
      await until(
        "another thread",
        async () =>
          (await metric(running, "fairlead_process_threads_lost_total")) === 1 &&
          (await metric(running, "fairlead_process_threads")) === THREADS,
      );
      expect(await texts()).toEqual(new Set(["b"]));
      const state = (await (await fetch(`${running.adminUrl}/api/state`)).json()) as {
        readonly threads: readonly { readonly id: number; readonly state: string }[];
        readonly traffic: { readonly requests: number };
      };
      expect(state.threads.map(({ id, state: is }) => [id, is])).toEqual([
        [1, "running"],
        [2, "running"],
      ]);
      expect(state.traffic.requests).toBe(90);
    } finally {
      for (const { stop } of origins) stop();
    }
  });

  test.each([1, THREADS])(
    "a collector that answers nothing holds up %i of them for two seconds",
    async (threads) => {
      const collector = await silentCollector();
      try {
        const running = await start({
          threads,
          log: { access: "all", otlp: true },
          telemetry: { traces: { sample: 1 }, otlp: { endpoint: collector.url } },
        });
        await askTimes(running.url, 10);
        const began = performance.now();
        running.child.signal("SIGTERM");
        expect(await running.child.ended()).toMatchObject({ code: 0 });
        expect(performance.now() - began).toBeLessThan(STOP_MS);
      } finally {
        collector.stop();
      }
    },
  );
});
