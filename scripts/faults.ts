/**
 * `npm run test:faults -- [FAULT_MS RECOVERY_MS]`: the faults scenario with longer phases, side by side with nginx and HAProxy;
 * prints a table.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "../tests/support/child.ts";
import { faultsConfig } from "../tests/support/faults/config.ts";
import { type FaultReport, runFaults, startOrigins } from "../tests/support/faults/scenario.ts";
import { nginxBinary } from "../tests/support/nginx.ts";
import { RUNTIMES, startProxy } from "../tests/support/runtimes.ts";

const [faultMs = 6_000, recoveryMs = 6_000] = process.argv.slice(2).map(Number);
const PHASES = { faultMs, recoveryMs };

/** A proxy in front of `urls`. */
interface Contender {
  readonly name: string;
  start(urls: readonly string[]): Promise<{ readonly port: number; stop(): Promise<void> }>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const authorities = (urls: readonly string[]): readonly string[] => urls.map((url) => new URL(url).host);

const nginxText = (directory: string, port: number, urls: readonly string[]): string => `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log /dev/null;
events { worker_connections 4096; }
http {
  access_log off;
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
      await child.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const HAPROXY = "/usr/sbin/haproxy";

const CONTENDERS: readonly Contender[] = [
  ...RUNTIMES.map((runtime): Contender => ({
    name: `Fairlead on ${runtime}`,
    start: (urls) => startProxy(runtime, faultsConfig(urls, runtime === "workerd")),
  })),
  {
    name: "nginx",
    start: (urls) =>
      daemon(
        "nginx",
        (directory, file) => [nginxBinary() ?? "nginx", "-p", directory, "-e", "stderr", "-c", file],
        (directory, port) => nginxText(directory, port, urls),
      ),
  },
  {
    name: "HAProxy",
    start: (urls) =>
      daemon(
        "haproxy",
        (_, file) => [HAPROXY, "-f", file],
        (_, port) => haproxyText(port, urls),
      ),
  },
];

const cell = ({ failed, failedLate, cut, slowestMs, recoveredMs }: FaultReport): string =>
  `${failed} (${failedLate}), ${cut} cut, ${Math.round(slowestMs)} ms, ${
    recoveredMs === undefined ? "not back" : `${(recoveredMs / 1_000).toFixed(1)} s`
  }`;

const columns: string[][] = [];
for (const contender of CONTENDERS) {
  const origins = await startOrigins();
  const proxy = await contender.start(origins.map(({ url }) => url));
  try {
    const result = await runFaults(proxy.port, origins, PHASES);
    if (columns.length === 0)
      columns.push(["", ...result.reports.map(({ fault }) => fault), "all GET", "POST twice"]);
    columns.push([
      contender.name,
      ...result.reports.map(cell),
      `${result.failed} of ${result.requests}, ${result.wrong} wrong`,
      String(result.repeatedPosts.length),
    ]);
    process.stderr.write(`${contender.name}: ${result.failed} of ${result.requests} failed\n`);
  } finally {
    await proxy.stop();
    for (const origin of origins) await origin.stop();
  }
}

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
const [header = [], ...others] = columns;
process.stdout.write(row(header) + row(header.map(() => "---")));
for (const cells of others) process.stdout.write(row(cells));
