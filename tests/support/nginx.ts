/** A real nginx on loopback with a config of its own, for what only a real server does. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";

const PLACES = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"];

/** Where nginx is, if it is. */
export const nginxBinary = (): string | undefined => PLACES.find((place) => existsSync(place));

const configText = (directory: string, port: number): string => `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  types { text/plain txt; text/html html; application/octet-stream bin; }
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  client_max_body_size 0;
  sendfile on;
  gzip on;
  gzip_types text/plain;
  gzip_min_length 100;
  server {
    listen 127.0.0.1:${port};
    root ${directory}/files;
    dav_methods PUT DELETE;
    create_full_put_path on;
    location /redirected { return 301 /hello.txt; }
  }
}
`;

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy() && resolve(true)).once("error", () => resolve(false));
  });

export interface Nginx {
  readonly url: string;
  /** Served files; what is PUT lands here. */
  readonly files: string;
  stop(): Promise<void>;
}

export const startNginx = async (binary: string): Promise<Nginx> => {
  const directory = mkdtempSync(join(tmpdir(), "fairlead-nginx-"));
  const files = join(directory, "files");
  mkdirSync(files);
  // Its workers give up root's rights.
  for (const path of [directory, files]) chmodSync(path, 0o777);
  const port = await freePort();
  const config = join(directory, "nginx.conf");
  writeFileSync(config, configText(directory, port));
  const check = spawnSync(binary, ["-p", directory, "-t", "-q", "-e", "stderr", "-c", config], {
    encoding: "utf8",
  });
  if (check.status !== 0) throw new Error(`nginx refuses its config: ${check.stderr}`);
  const child = new Child("nginx", binary, ["-p", directory, "-e", "stderr", "-c", config]);
  const stop = async (): Promise<void> => {
    child.signal("SIGTERM");
    await child.ended();
    rmSync(directory, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 400; tries++) {
    if (child.exit !== undefined) throw new Error(`nginx ended: ${child.stderr}`);
    if (await accepts(port)) return { url: `http://127.0.0.1:${port}`, files, stop };
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await stop();
  throw new Error("nginx did not begin to accept");
};
