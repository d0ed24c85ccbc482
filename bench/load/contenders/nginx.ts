/** nginx: one worker, connections kept upstream, streaming both ways, the same header work. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { siteFiles } from "../certificate.ts";
import type { Contender, Ends } from "../contender.ts";
import { machineProgram, missingProgram } from "../programs.ts";

const configuration = (
  { folder, port, tlsPort, originPort }: Ends,
  { cert, key }: ReturnType<typeof siteFiles>,
  accessLog: string,
): string => `
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
events { worker_connections 8192; }
http {
  access_log ${accessLog};
  server_tokens off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 4g;
  client_header_timeout 10s;
  keepalive_timeout 75s;
  keepalive_requests 10000;
  upstream origin { server 127.0.0.1:${originPort}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    listen 127.0.0.1:${tlsPort} ssl backlog=4096;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.2 TLSv1.3;
    location /websocket {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Host 127.0.0.1:${originPort};
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      proxy_connect_timeout 3s;
      proxy_set_header Host 127.0.0.1:${originPort};
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Request-Id $request_id;
      proxy_set_header Via "1.1 nginx";
      proxy_hide_header X-Powered-By;
      add_header X-Request-Id $request_id always;
      add_header X-Content-Type-Options nosniff always;
      add_header X-Permitted-Cross-Domain-Policies none always;
      add_header Referrer-Policy strict-origin-when-cross-origin always;
      add_header Via "1.1 nginx" always;
    }
  }
}
`;

/** @param accessLog what its directive `access_log` says. */
export const nginxWith = (id: string, name: string, accessLog: (ends: Ends) => string): Contender => ({
  id,
  name,
  group: "server",
  abilities: ["tls", "websocket"],
  missing: () => missingProgram("nginx"),
  prepare: (ends) => {
    const file = join(ends.folder, "nginx.conf");
    writeFileSync(file, configuration(ends, siteFiles(ends.runFolder), accessLog(ends)));
    return { command: machineProgram("nginx") ?? "nginx", args: ["-p", ends.folder, "-c", file] };
  },
});

export const contenders: readonly Contender[] = [nginxWith("nginx", "nginx", () => "off")];
