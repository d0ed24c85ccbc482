/** nginx as a proxy in front of the origin of the abuse runs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "../support/child.ts";
import { nginxBinary } from "../support/nginx.ts";

const configText = (directory: string, port: number, origin: number): string => `
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid ${directory}/nginx.pid;
error_log /dev/null;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  client_max_body_size 0;
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  upstream origin { server 127.0.0.1:${origin}; keepalive 64; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }
  }
}
`;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** The master, which only waits, is the first; its one worker does everything. */
const processesOf = (pid: number): readonly number[] => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return children === "" ? [pid] : children.split(" ").map(Number);
};

/** Undefined where there is no nginx on this machine. */
export const startNginxProxy = async (
  origin: number,
): Promise<
  { name: string; port: number; pids: readonly number[]; stop: () => Promise<void> } | undefined
> => {
  const binary = nginxBinary();
  if (binary === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), "fairlead-abuse-"));
  const port = await freePort();
  const config = join(directory, "nginx.conf");
  writeFileSync(config, configText(directory, port, origin));
  const child = new Child("nginx", binary, ["-p", directory, "-e", "stderr", "-c", config]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    name: "nginx",
    port,
    pids: processesOf(child.pid),
    stop: async () => {
      await child.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
