/** HAProxy: one thread, connections reused upstream, the same header work. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender, Ends } from "../contender.ts";
import { machineProgram, missingProgram } from "../programs.ts";

const configuration = ({ port, originPort }: Ends): string => `
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 3s
  timeout client 75s
  timeout server 60s
  timeout http-request 10s
  timeout http-keep-alive 75s
  http-reuse always
frontend clients
  bind 127.0.0.1:${port}
  http-request set-var(txn.id) uuid()
  http-request set-header X-Request-Id %[var(txn.id)]
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Proto http
  http-request set-header Via "1.1 haproxy"
  http-request set-header Host 127.0.0.1:${originPort}
  http-response del-header Server
  http-response del-header X-Powered-By
  http-response set-header X-Request-Id %[var(txn.id)]
  http-response set-header X-Content-Type-Options nosniff
  http-response set-header X-Permitted-Cross-Domain-Policies none
  http-response set-header Referrer-Policy strict-origin-when-cross-origin
  http-response set-header Via "1.1 haproxy"
  default_backend origin
backend origin
  server origin 127.0.0.1:${originPort} pool-max-conn 256
`;

export const contenders: readonly Contender[] = [
  {
    id: "haproxy",
    name: "HAProxy",
    group: "server",
    missing: () => missingProgram("haproxy"),
    prepare: (ends) => {
      const file = join(ends.folder, "haproxy.cfg");
      writeFileSync(file, configuration(ends));
      return { command: machineProgram("haproxy") ?? "haproxy", args: ["-db", "-f", file] };
    },
  },
];
