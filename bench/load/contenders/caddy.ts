/** Caddy: one CPU (GOMAXPROCS=1), connections kept upstream, the same header work. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender, Ends } from "../contender.ts";
import { machineProgram, missingProgram } from "../programs.ts";

const configuration = ({ port, originPort }: Ends): string => `
{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
http://:${port} {
  bind 127.0.0.1
  header {
    X-Request-Id {http.request.uuid}
    X-Content-Type-Options nosniff
    X-Permitted-Cross-Domain-Policies none
    Referrer-Policy strict-origin-when-cross-origin
    Via "1.1 caddy"
    -Server
  }
  reverse_proxy 127.0.0.1:${originPort} {
    header_up Host {upstream_hostport}
    header_up X-Request-Id {http.request.uuid}
    header_up Via "1.1 caddy"
    header_down -Server
    header_down -X-Powered-By
    transport http {
      dial_timeout 3s
      keepalive 75s
      keepalive_idle_conns_per_host 256
      compression off
    }
  }
}
`;

export const contenders: readonly Contender[] = [
  {
    id: "caddy",
    name: "Caddy",
    group: "server",
    missing: () => missingProgram("caddy"),
    prepare: (ends) => {
      const file = join(ends.folder, "Caddyfile");
      writeFileSync(file, configuration(ends));
      return {
        command: machineProgram("caddy") ?? "caddy",
        args: ["run", "--adapter", "caddyfile", "--config", file],
        env: { GOMAXPROCS: "1", HOME: ends.folder, XDG_DATA_HOME: ends.folder, XDG_CONFIG_HOME: ends.folder },
      };
    },
  },
];
