/** How a Worker is run by workerd itself, without wrangler or miniflare in front. */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ends, Launch } from "./contender.ts";
import { runtimeProgram } from "./programs.ts";

export const COMPATIBILITY_DATE = "2026-10-01";

/** Serves the module `script` on `ends.port`, with the origin's port bound as ORIGIN_PORT. */
export const workerdLaunch = (ends: Ends, script: string): Launch => {
  copyFileSync(script, join(ends.folder, "worker.js"));
  writeFileSync(
    join(ends.folder, "worker.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = "${COMPATIBILITY_DATE}",
      bindings = [(name = "ORIGIN_PORT", text = "${ends.originPort}")],
      globalOutbound = "loopback",
    )),
    (name = "loopback", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${ends.port}", http = (), service = "main")],
);
`,
  );
  return { command: runtimeProgram("workerd"), args: ["serve", join(ends.folder, "worker.capnp")] };
};
