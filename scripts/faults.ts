/**
 * `npm run test:faults -- [FAULT_MS RECOVERY_MS]`: the faults scenario with longer phases, with nginx and HAProxy in front of the
 * same origins at the same time, as far as they are installed; prints a table. Fails where a Fairlead fails
 * more than one GET in 10,000 before a response's head, or one that came later than a second into a fault, completes a wrong
 * response, repeats a POST or a GET that broke off behind its head, or takes longer for the origin to have its share again than
 * checks and slow start do.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "../tests/support/child.ts";
import { faultsConfig } from "../tests/support/faults/config.ts";
import {
  type FaultReport,
  type FaultsResult,
  runFaults,
  startOrigins,
} from "../tests/support/faults/scenario.ts";
import { freePort } from "../tests/support/free-port.ts";
import { nginxBinary } from "../tests/support/nginx.ts";
import { RUNTIMES, startProxy } from "../tests/support/runtimes.ts";

const [faultMs = 6_000, recoveryMs = 6_000] = process.argv.slice(2).map(Number);
const PHASES = { faultMs, recoveryMs, everyMs: 5 };

/** A proxy in front of `urls`. */
interface Contender {
  readonly name: string;
  start(urls: readonly string[]): Promise<{ readonly port: number; stop(): Promise<void> }>;
}

const authorities = (urls: readonly string[]): readonly string[] => urls.map((url) => new URL(url).host);

const nginxText = (directory: string, port: number, urls: readonly string[]): string => `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log /dev/null;
events { worker_connections 4096; }
http {
  access_log off;
  client_max_body_size 64m;
  upstream app {
${authorities(urls)
  .map((host) => `    server ${host} max_fails=5 fail_timeout=1s;`)
  .join("\n")}
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_connect_timeout 500ms;
      proxy_read_timeout 1s;
      proxy_send_timeout 1s;
      proxy_next_upstream error timeout http_502 http_503 http_504;
      proxy_next_upstream_tries 2;
    }
  }
}
`;

const haproxyText = (port: number, urls: readonly string[]): string => `
global
  nbthread 1
defaults
  mode http
  timeout client 30s
  timeout connect 500ms
  timeout server 1s
  retries 1
  option redispatch 1
  retry-on conn-failure empty-response response-timeout 502 503 504
frontend in
  bind 127.0.0.1:${port}
  http-request disable-l7-retry if METH_POST
  default_backend app
backend app
  balance random(2)
  option httpchk GET /healthz
  default-server check inter 500ms fastinter 250ms downinter 250ms fall 2 rise 2 slowstart 1s
${authorities(urls)
  .map((host, index) => `  server s${index} ${host}`)
  .join("\n")}
`;

const daemon = async (
  name: string,
  argumentsOf: (directory: string, file: string) => readonly [string, ...string[]],
  text: (directory: string, port: number) => string,
): ReturnType<Contender["start"]> => {
  const directory = mkdtempSync(join(tmpdir(), `fairlead-${name}-`));
  const port = await freePort();
  const file = join(directory, `${name}.conf`);
  writeFileSync(file, text(directory, port));
  const [command, ...args] = argumentsOf(directory, file);
  const child = new Child(name, command, args);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  return {
    port,
    async stop() {
      // A master that is killed leaves its workers behind.
      child.signal("SIGTERM");
      await child.ended();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const HAPROXY = "/usr/sbin/haproxy";

const NGINX = nginxBinary();

const CONTENDERS: readonly Contender[] = [
  ...RUNTIMES.map((runtime): Contender => ({
    name: `on ${runtime}`,
    start: (urls) => startProxy(runtime, faultsConfig(urls, runtime === "workerd")),
  })),
  NGINX !== undefined && {
    name: "nginx",
    start: (urls: readonly string[]) =>
      daemon(
        "nginx",
        (directory, file) => [NGINX, "-p", directory, "-e", "stderr", "-c", file],
        (directory, port) => nginxText(directory, port, urls),
      ),
  },
  existsSync(HAPROXY) && {
    name: "HAProxy",
    start: (urls: readonly string[]) =>
      daemon(
        "haproxy",
        (_, file) => [HAPROXY, "-f", file],
        (_, port) => haproxyText(port, urls),
      ),
  },
].filter((contender) => contender !== false);

/** Failed before a head, broken off behind it, the slowest in seconds, and seconds until the origin had its share again. */
const cell = ({ failed, cut, slowestMs, recoveredMs }: FaultReport): string =>
  [failed, cut, seconds(slowestMs), recoveredMs === undefined ? "–" : seconds(recoveredMs)].join(" / ");

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;

/** A column a contender. */
const tableOf = (names: readonly string[], results: readonly FaultsResult[]): string => {
  const cells = (title: string, text: (result: FaultsResult) => string): string =>
    row([title, ...results.map(text)]);
  const faults = results[0]?.reports.map(({ fault }) => fault) ?? [];
  return [
    row(["", ...names]),
    row(["---", ...names.map(() => "---")]),
    ...faults.map((fault, index) =>
      cells(fault, ({ reports }) => (reports[index] === undefined ? "" : cell(reports[index]))),
    ),
    cells("GET, failed of all", ({ failed, requests }) => `${failed} of ${requests}`),
    cells("later than a second into a fault", ({ reports }) =>
      String(reports.reduce((sum, { failedLate }) => sum + failedLate, 0)),
    ),
    cells("complete, but wrong", ({ wrong }) => String(wrong)),
    cells("POST sent twice", ({ repeatedPosts }) => String(repeatedPosts.length)),
    cells("broken off and sent twice", ({ repeatedCuts }) => String(repeatedCuts.length)),
    cells("upload of 6 MiB that is not read", ({ upload }) => uploadCell(upload)),
  ].join("");
};

const uploadCell = (upload: FaultsResult["upload"]): string =>
  upload === undefined ? "–" : `${upload.status ?? upload.kind} / ${seconds(upload.tookMs)}`;

const hasRecovered = ({ recoveredMs, boundMs }: FaultReport): boolean =>
  recoveredMs !== undefined && recoveredMs <= boundMs;

const holds = ({ reports, failed, requests, wrong, ...result }: FaultsResult): boolean =>
  failed <= requests / 10_000 &&
  reports.every((report) => report.failedLate === 0 && hasRecovered(report)) &&
  wrong === 0 &&
  result.repeatedPosts.length === 0 &&
  result.repeatedCuts.length === 0 &&
  result.upload?.status === 504 &&
  !result.isUploadRepeated;

const origins = await startOrigins();
const urls = origins.map(({ url }) => url);
const proxies = await Promise.all(CONTENDERS.map((contender) => contender.start(urls)));
try {
  const subjects = CONTENDERS.map(({ name }, index) => ({
    name: name.replaceAll(" ", "-"),
    port: proxies[index]?.port ?? 0,
  }));
  const results = await runFaults(subjects, origins, PHASES);
  const isBad = results.some((result, index) => index < RUNTIMES.length && !holds(result));
  process.exitCode = isBad ? 1 : 0;
  process.stdout.write(
    tableOf(
      CONTENDERS.map(({ name }) => name),
      results,
    ),
  );
} finally {
  await Promise.all([...proxies, ...origins].map((each) => each.stop()));
}
