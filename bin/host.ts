/** The parts of a host that Node, Deno and Bun share: all three speak `node:fs`, `node:net` and `node:process`. */
import { readFile, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { RUNTIME_PROFILES, type RuntimeName } from "../cli/runtime-profile.ts";
import { inspectTls } from "../runtimes/inspect-tls.ts";
import type { Host, Output, ReachTarget } from "../cli/host.ts";
import type { CertificateAccess } from "../src/config/certificates.ts";

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

/** What every runtime does alike. */
export const commonHost = (runtime: RuntimeName): Omit<Host, "runtimeName" | "serve" | "serveDemo"> => ({
  profile: RUNTIME_PROFILES[runtime],
  args: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  readText: (path) => readFile(path, "utf8"),
  writeText: (path, text) => writeFile(path, text),
  certificates: { inspect: (texts) => inspectTls(texts, Date.now()), accessTo },
  importModule: (path) => import(pathToFileURL(path).href) as Promise<unknown>,
  now: () => performance.now(),
  networkAddresses: () =>
    Object.values(networkInterfaces())
      .flat()
      .filter((each) => each?.family === "IPv4" && !each.internal)
      .map((each) => each?.address ?? ""),
  onSignal(listener) {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => listener(signal));
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
