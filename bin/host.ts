/** The host of the command line: Node, Deno and Bun all have `node:fs`, `node:net` and `node:process`. */
import { chmod, stat, writeFile } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import process from "node:process";
import { RUNTIME_PROFILES, type RuntimeName } from "../cli/runtime-profile.ts";
import { inspectTls } from "../runtimes/inspect-tls.ts";
import type { Host, Output, ReachTarget } from "../cli/host.ts";
import type { ServeOptions } from "../runtimes/serving.ts";
import type { CertificateAccess } from "../src/config/certificates.ts";
import type { Platform } from "../src/core/platform.ts";
import { freshModules } from "./fresh-modules.ts";
import { readText } from "./read-text.ts";
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

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name can't be resolved",
  ENOENT: "no such socket",
  EACCES: "no permission",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ETIMEDOUT: "timed out",
};

const reach = (target: ReachTarget): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect(target);
    const settle = (reason: string | undefined): void => {
      resolve(reason);
      socket.destroy();
    };
    socket.setTimeout(REACH_TIMEOUT_MS, () => settle("no answer within 2 s"));
    socket.once("connect", () => settle(undefined));
    socket.on("error", (error: NodeJS.ErrnoException) => settle(REASONS[error.code ?? ""] ?? error.message));
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
const output = (stream: NodeJS.WritableStream & { readonly isTTY?: boolean }): Output => {
  stream.on("error", () => {});
  return { isTTY: stream.isTTY ?? false, write: (text) => void stream.write(text) };
};

/** A small HTTP server on a free port of the loopback interface. */
const serveDemo: Host["serveDemo"] = (answer) =>
  new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      void answerWith(answer, request, response);
    });
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : 0,
        close: async () => {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });

const answerWith = async (
  answer: Parameters<Host["serveDemo"]>[0],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  request.resume();
  const { status, fields, body } = await answer({
    method: request.method ?? "GET",
    target: request.url ?? "/",
    fields: request.headers,
  });
  response.writeHead(status, fields);
  response.end(body);
};

/** The host on `runtime`, which people know as `label`. */
export const hostOf = (runtime: ServingRuntime, label: string): Host => ({
  runtimeName: label,
  profile: RUNTIME_PROFILES[runtime],
  serve: async (config, options) => {
    const [{ serveGateway }, { platform }] = await Promise.all([
      import("../runtimes/engine/serve.ts"),
      PLATFORMS[runtime](),
    ]);
    return serveGateway(config, platform(options), options);
  },
  serveDemo,
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
  modules: freshModules(runtime),
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
});

/** Ends the process with `code` once everything written has left. */
export const finish = async (code: number): Promise<void> => {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => void stream.write("", () => resolve()));
  }
  process.exit(code);
};
