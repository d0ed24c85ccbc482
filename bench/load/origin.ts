/** The origin of the timed runs: one nginx worker with files in memory, and a sink that reads bodies to their end. */
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Child, startChild } from "./children.ts";
import { machineProgram } from "./programs.ts";
import { freePort } from "../../tests/support/free-port.ts";
import { untilAnswers } from "./ready.ts";

export interface Origin {
  readonly port: number;
  readonly child: Child;
}

/** Bytes that tell one offset from another, so that a shifted or repeated piece changes the checksum. */
export const patternBytes = (size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  let state = 0x2545f491;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = 33 + ((state >>> 24) % 94);
  }
  return bytes;
};

/** Size of /1k, /64k and /1m. */
export const FILE_SIZES: Readonly<Record<string, number>> = { "1k": 1024, "64k": 65536, "1m": 1048576 };

/**
 * The sink: nginx answers POST on a file with 405 once `mirror` has read the body to its end, and `error_page`
 * makes that a 200. Slow: a 401 held back by `auth_delay`, made a 200 in the same way.
 */
const configuration = (folder: string, port: number, bulkPort: number, webSocketPort: number): string => `
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
events { worker_connections 8192; }
http {
  access_log off;
  server_tokens on;
  default_type text/plain;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 0;
  client_body_buffer_size 2m;
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=100 inactive=1h;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${folder}/files;
    if_modified_since before;
    location /sink { mirror /read; error_page 405 =200 /stored; try_files /1k =404; }
    location = /read { internal; return 204; }
    location = /stored { internal; return 200 "stored"; }
    location = /bad-gateway { return 502; }
    location = /slow { auth_delay 100ms; auth_basic slow; auth_basic_user_file ${folder}/nobody; error_page 401 =200 /stored; }
    location = /websocket {
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_pass http://127.0.0.1:${webSocketPort};
    }
    location = /upload { proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://127.0.0.1:${bulkPort}; }
  }
}
`;

/** Starts it on `core`. `bulkPort` takes the streamed uploads; `streamBytes` is the size of /bulk (a hole: no disk used). */
export const startOrigin = async (
  folder: string,
  core: number | undefined,
  bulkPort: number,
  streamBytes: number,
): Promise<Origin> => {
  const nginx = machineProgram("nginx");
  if (nginx === undefined) throw new Error("the origin needs nginx (apt-get install nginx-light)");
  mkdirSync(join(folder, "files"), { recursive: true });
  for (const [name, size] of Object.entries(FILE_SIZES)) {
    writeFileSync(join(folder, "files", name), patternBytes(size));
  }
  writeFileSync(join(folder, "files", "bulk"), "");
  truncateSync(join(folder, "files", "bulk"), streamBytes);
  writeFileSync(join(folder, "nobody"), "");
  const [port, webSocketPort] = [await freePort(), await freePort()];
  const script = fileURLToPath(new URL("websocket-origin.ts", import.meta.url));
  startChild("websocket origin", { command: process.execPath, args: [script, String(webSocketPort)] }, core);
  writeFileSync(join(folder, "nginx.conf"), configuration(folder, port, bulkPort, webSocketPort));
  const launch = { command: nginx, args: ["-p", folder, "-c", join(folder, "nginx.conf")] };
  const child = startChild("origin", launch, core);
  await untilAnswers(child, port, "/1k");
  return { port, child };
};
