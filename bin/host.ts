/**
 * The host of the command line: Node, Deno and Bun all have `node:fs`, `node:net` and `node:process`. What not every command needs
 * is imported when it is used: `node:http` alone takes an eighth of a start on Node.
 */
import { chmod, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import process from "node:process";
import { RUNTIME_PROFILES, type RuntimeName } from "../cli/runtime-profile.ts";
import { inspectTls } from "../runtimes/inspect-tls.ts";
import type { Host, Output, ReachTarget } from "../cli/host.ts";
import type { ServeOptions } from "../runtimes/serving.ts";
import type { CertificateAccess } from "../src/config/certificates.ts";
import type { Platform } from "../src/core/platform.ts";
import { freshModules } from "../runtimes/engine/fresh-modules.ts";
import { readText } from "../runtimes/engine/read-text.ts";
import { startConditions } from "./start-conditions.ts";
import { reasonFor } from "./reasons.ts";
import { openTerminal } from "./terminal.ts";
import { whenChanged } from "./watched-files.ts";

/** Runtimes that open sockets. */
export type ServingRuntime = Exclude<RuntimeName, "workers">;

type PlatformModule = Promise<{ readonly platform: (options: ServeOptions) => Platform }>;

/** Imported when something is served. */
const PLATFORMS: Readonly<Record<ServingRuntime, () => PlatformModule>> = {
  node: () => import("../runtimes/node/platform.ts"),
  deno: () => import("../runtimes/deno/platform.ts"),
  bun: () => import("../runtimes/bun/platform.ts"),
};

const REACH_TIMEOUT_MS = 2_000;

const reach = (target: ReachTarget): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect(target);
    const settle = (reason: string | undefined): void => {
      resolve(reason);
      socket.destroy();
    };
    socket.setTimeout(REACH_TIMEOUT_MS, () => settle("no answer within 2 s"));
    socket.once("connect", () => settle(undefined));
    socket.on("error", (error: NodeJS.ErrnoException) => settle(reasonFor(error)));
  });

/** Groups that the process is in. Not every runtime tells the supplementary ones. */
const ownGroups = (): readonly (number | undefined)[] => [
  process.getegid?.(),
  ...(process.getgroups?.() ?? []),
];

/** Windows has no such bits and makes some up. */
const accessTo: CertificateAccess["accessTo"] = async (path) => {
  if (process.platform === "win32") return undefined;
  try {
    const { mode, gid } = await stat(path);
    return { mode, isOwnGroup: ownGroups().includes(gid) };
  } catch {
    return undefined;
  }
};

/**
 * A stream whose reader may leave: what is written after that is lost, and nothing else happens.
 * One that is no terminal has no `isTTY` at all.
 */
const output = (
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number },
): Output => {
  stream.on("error", () => {});
  return {
    isTTY: stream.isTTY ?? false,
    get columns() {
      return stream.isTTY === true ? stream.columns : undefined;
    },
    write: (text) => void stream.write(text),
  };
};

export interface HostParts {
  readonly runtime: ServingRuntime;
  /** What people know it as. */
  readonly label: string;
  /** Address of the module in `bin` that the program began with. */
  readonly program: string;
}

export const hostOf = ({ runtime, label, program }: HostParts): Host => ({
  runtimeName: label,
  profile: RUNTIME_PROFILES[runtime],
  serve: async (config, options) => {
    const [{ serveConfig, threadEntry }, { platform }] = await Promise.all([
      import("../runtimes/engine/serve-config.ts"),
      PLATFORMS[runtime](),
    ]);
    return serveConfig(
      config,
      platform(options),
      options,
      threadEntry(program, `../runtimes/${runtime}/thread`),
    );
  },
  serveDemo: async (answer) => (await import("./demo-server.ts")).serveDemo(answer),
  args: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  readText,
  writeText: (path, text) => writeFile(path, text),
  writeSecret: async (path, text) => {
    await writeFile(path, text, { mode: 0o600 });
    // The mode above is for new files.
    await chmod(path, 0o600);
  },
  obtainCertificate: async (request) =>
    (await import("../runtimes/engine/acme/obtain-by-hand.ts")).obtainByHand(request),
  issueCertificate: async (request) =>
    (await import("../runtimes/x509.ts")).issueCertificate(request, Date.now()),
  whenChanged,
  certificates: { inspect: (texts) => inspectTls(texts, Date.now()), accessTo },
  modules: freshModules(runtime === "bun" ? "cache" : "hooks"),
  now: () => performance.now(),
  epoch: () => Date.now(),
  networkAddresses: () =>
    Object.values(networkInterfaces())
      .flat()
      .filter((each) => each?.family === "IPv4" && !each.internal)
      .map((each) => each?.address ?? ""),
  onSignal(listener) {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => listener(signal));
  },
  onHangUp(listener) {
    if (process.platform !== "win32") process.on("SIGHUP", listener);
  },
  onReopen(listener) {
    if (process.platform !== "win32") process.on("SIGUSR2", listener);
  },
  exit: (code) => process.exit(code),
  reach,
  ...startConditions(runtime, process.env, (message) => void process.stderr.write(`warning: ${message}\n`)),
  ask: async (question) => (await import("./ask.ts")).ask(question),
  openTerminal,
  timeOfDay: () => new Date().toTimeString().slice(0, 8),
});

/** Ends the process with `code` once everything written has left. */
export const finish = async (code: number): Promise<void> => {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => void stream.write("", () => resolve()));
  }
  process.exit(code);
};
