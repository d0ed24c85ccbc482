/** What the machine and the programs were, for the report. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import type { RuntimeName } from "./contender.ts";
import type { Cores } from "./cores.ts";
import { machineProgram, root, runtimeProgram } from "./programs.ts";

const firstMatch = (command: string | undefined, args: readonly string[], pattern: RegExp): string => {
  if (command === undefined) return "not installed";
  try {
    // nginx prints its version on stderr, wrk with exit code 1
    const text = execFileSync("/bin/sh", ["-c", '"$0" "$@" 2>&1 || true', command, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return pattern.exec(text)?.[1] ?? "unknown";
  } catch {
    return "unknown";
  }
};

const VERSION = /(\d+\.\d+[\w.]*)/;
const runtimes: readonly RuntimeName[] = ["node", "deno", "bun"];
const packages = ["http-proxy", "httpxy", "@fastify/http-proxy", "hono", "@hono/node-server", "undici"];

const packageVersion = (name: string): string => {
  try {
    const text = readFileSync(join(root, "node_modules", name, "package.json"), "utf8");
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return "not installed";
  }
};

/** Reads versions by running `--version` of each program. */
export const describeMachine = (cores: Cores): Record<string, string> => {
  const processors = cpus();
  return {
    CPU: `${processors.length} × ${processors[0]?.model ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    Linux: release(),
    pinning: cores.description,
    ...Object.fromEntries(
      runtimes.map((name) => [name, firstMatch(runtimeProgram(name), ["--version"], VERSION)]),
    ),
    workerd: firstMatch(runtimeProgram("workerd"), ["--version"], /(\d{4}-\d\d-\d\d)/),
    nginx: firstMatch(machineProgram("nginx"), ["-v"], VERSION),
    HAProxy: firstMatch(machineProgram("haproxy"), ["-v"], VERSION),
    Caddy: firstMatch(machineProgram("caddy"), ["version"], VERSION),
    wrk: firstMatch(machineProgram("wrk"), ["-v"], VERSION),
    ...Object.fromEntries(packages.map((name) => [name, packageVersion(name)])),
  };
};
