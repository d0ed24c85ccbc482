/** Proxies under abuse: Fairlead on each runtime, and nginx beside. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "../../src/config/types.ts";
import { freePort } from "../support/free-port.ts";
import { certificate } from "../support/certificate.ts";
import { Child } from "../support/child.ts";
import { nginxBinary } from "../support/nginx.ts";
import { type RuntimeName, startProxy } from "../support/runtimes.ts";
import { openFiles } from "./process.ts";
import type { Target } from "./connections.ts";

export interface Contender extends Target {
  readonly name: string;
  /** Of its process, and of its workers. */
  readonly pids: readonly number[];
  /** Files that are open, without connections to the origins, which are kept for later requests. */
  readonly files: () => number;
  /** `files` before the first request. */
  readonly filesAtStart: number;
  readonly isRunning: () => boolean;
  readonly stop: () => Promise<void>;
}

/** Where requests lead: those of honest clients, and those of bad ones below `/bad`. */
export interface Origins {
  readonly honest: number;
  readonly bad: number;
}

/** Requests that may be in progress at the origin of bad clients: more than they ever have. */
export const CAP = 512;

const site = certificate({ hosts: ["abuse.test"] });

const configFor = ({ honest, bad }: Origins, tlsPort: number): ConfigInput => ({
  listen: {
    port: 0,
    host: "127.0.0.1",
    also: [{ port: tlsPort, host: "127.0.0.1", tls: site }],
    limits: { bodyBytes: "unlimited", requestsPerConnection: 1_000_000 },
  },
  upstreams: {
    main: `http://127.0.0.1:${honest}`,
    bad: { endpoints: `http://127.0.0.1:${bad}`, concurrency: { limit: CAP, queue: 0 } },
  },
  routes: [{ match: { path: "/bad/*" }, upstream: "bad" }, { upstream: "main" }],
});

export const startFairlead = async (runtime: RuntimeName, origins: Origins): Promise<Contender> => {
  const tlsPort = await freePort();
  const proxy = await startProxy(runtime, configFor(origins, tlsPort));
  const { port, child } = proxy;
  const files = (): number => openFiles([child.pid], new Set(Object.values(origins)));
  return {
    name: runtime,
    port,
    tlsPort,
    pids: [child.pid],
    files,
    filesAtStart: files(),
    isRunning: () => child.exit === undefined,
    stop: () => proxy.stop(),
  };
};

const nginxConfig = (directory: string, { port, tlsPort }: Target, { honest, bad }: Origins): string => `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log /dev/null;
events { worker_connections 19000; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  client_max_body_size 0;
  keepalive_requests 1000000;
  ssl_session_cache shared:abuse:10m;
  ssl_certificate ${directory}/site.pem;
  ssl_certificate_key ${directory}/site.key;
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  upstream honest { server 127.0.0.1:${honest}; keepalive 256; keepalive_requests 1000000; }
  upstream bad { server 127.0.0.1:${bad}; keepalive 256; keepalive_requests 1000000; }
  proxy_http_version 1.1;
  proxy_buffering off;
  proxy_request_buffering off;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    listen 127.0.0.1:${tlsPort} ssl backlog=4096;
    location / { proxy_pass http://honest; }
    location /bad/ { proxy_pass http://bad; }
  }
}
`;

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy() && resolve(true)).once("error", () => resolve(false));
  });

/** The master only waits; its worker does everything. */
const workersOf = (pid: number): readonly number[] =>
  Array.from(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").matchAll(/\d+/g), Number);

/** Undefined where there is no nginx on this machine. */
export const startNginxProxy = async (origins: Origins): Promise<Contender | undefined> => {
  const binary = nginxBinary();
  if (binary === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), "fairlead-abuse-"));
  const target = { port: await freePort(), tlsPort: await freePort() };
  const config = join(directory, "nginx.conf");
  writeFileSync(config, nginxConfig(directory, target, origins));
  writeFileSync(join(directory, "site.pem"), site.cert);
  writeFileSync(join(directory, "site.key"), site.key);
  const child = new Child("nginx", binary, ["-p", directory, "-e", "stderr", "-c", config]);
  while (!(await accepts(target.port)) || workersOf(child.pid).length === 0) {
    if (child.exit !== undefined) throw new Error(`nginx ended: ${child.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const pids = workersOf(child.pid);
  const files = (): number => openFiles(pids, new Set(Object.values(origins)));
  return {
    ...target,
    name: "nginx",
    pids,
    files,
    filesAtStart: files(),
    isRunning: () => child.exit === undefined,
    stop: async () => {
      child.signal("SIGTERM");
      await child.ended();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
