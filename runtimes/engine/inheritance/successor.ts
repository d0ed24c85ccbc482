/** Starts the process that replaces this one: the same command line, with the listening sockets of this one. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import process from "node:process";
import type { Readable } from "node:stream";
import { boundText } from "../../inheritance.ts";
import type { NamedListener, SuccessorOptions } from "../../succession.ts";
import type { UpgradeResult } from "../../../handlers/server-view.ts";
import { ESTATE_VARIABLE, type Estate, type Report } from "./predecessor.ts";
import { ownListeningSockets } from "./socket-table.ts";

/** Standard input, output and error come first. */
const REPORT_DESCRIPTOR = 3;
const FIRST_SOCKET = 4;
/** A successor that did not get ready has this long to end by itself. */
const END_MS = 5_000;
const STOPPING = "this process is stopping";
/** Characters of a report. */
const MOST_REPORT = 65_536;

/** Says whether processes that are started from then on get descriptors too, under the same numbers. */
export type Inheritable = (descriptors: readonly number[], isInheritable: boolean) => void;

/**
 * Never rejects. With any result but `ok`, the successor is gone or about to go.
 *
 * @param inheritable for runtimes that do harm to sockets as `stdio` of a process; throws where it can't be had
 */
export const startSuccessor = async (
  { listeners, timeoutMs, signal }: SuccessorOptions,
  inheritable?: () => Inheritable,
): Promise<UpgradeResult> => {
  try {
    const pass = inheritable?.();
    const estate = await estateOf(listeners);
    const command = await ownCommandLine();
    if (signal.aborted) return failure(STOPPING);
    return await watched(
      pass === undefined ? spawnWith(command, estate) : spawnBeside(command, estate, pass),
      timeoutMs,
      signal,
    );
  } catch (error) {
    return failure(`the new process could not be started: ${messageOf(error)}`);
  }
};

interface NamedSocket {
  readonly descriptor: number;
  readonly name: string;
}

const REPORTING = ["inherit", "inherit", "inherit", "pipe"] as const;

/** With the sockets as further descriptors of the new process. */
const spawnWith = ([command = "", ...args]: readonly string[], estate: Estate): ChildProcess => {
  const sockets = estate.sockets.map(({ name }, index) => ({ descriptor: FIRST_SOCKET + index, name }));
  return spawn(command, args, {
    stdio: [...REPORTING, ...estate.sockets.map(({ descriptor }) => descriptor)],
    env: withEstate({ ...estate, sockets }),
  });
};

/** With the sockets under their own numbers. */
const spawnBeside = (
  [command = "", ...args]: readonly string[],
  estate: Estate,
  pass: Inheritable,
): ChildProcess => {
  const descriptors = estate.sockets.map(({ descriptor }) => descriptor);
  pass(descriptors, true);
  try {
    return spawn(command, args, { stdio: [...REPORTING], env: withEstate(estate) });
  } finally {
    pass(descriptors, false);
  }
};

const withEstate = (estate: Estate): NodeJS.ProcessEnv => ({
  ...process.env,
  [ESTATE_VARIABLE]: JSON.stringify(estate),
});

const failure = (reason: string): UpgradeResult => ({ ok: false, reason });

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What this process was started with, the program first. What stands behind a link is looked up anew. */
const ownCommandLine = async (): Promise<string[]> =>
  (await readFile("/proc/self/cmdline", "utf8")).split("\0").slice(0, -1);

/** Ports pass on as their sockets; with several threads there are several. A Unix socket's file passes on to a socket of the new process. */
const estateOf = async (listeners: readonly NamedListener[]): Promise<Estate> => {
  const own = await ownListeningSockets().catch((cause: unknown) => {
    throw new Error("sockets can be handed over on Linux only", { cause });
  });
  const sockets: NamedSocket[] = [];
  const replaces: string[] = [];
  for (const { name, bound } of listeners) {
    if ("path" in bound) {
      replaces.push(bound.path);
      continue;
    }
    const found = own.filter((socket) => boundText(socket.bound) === boundText(bound));
    if (found.length === 0) throw new Error(`there is no socket that listens on ${boundText(bound)}`);
    sockets.push(...found.map(({ descriptor }) => ({ descriptor, name })));
  }
  return { report: REPORT_DESCRIPTOR, sockets, replaces };
};

/** Follows a process until it has reported, has ended, or its time is over. */
const watched = (child: ChildProcess, timeoutMs: number, signal: AbortSignal): Promise<UpgradeResult> =>
  new Promise((resolve) => {
    const settle = (result: UpgradeResult): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve(result);
      reports.destroy();
      if (result.ok) child.unref();
      else end(child);
    };
    const stop = (): void => settle(failure(STOPPING));
    signal.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(
      () => settle(failure(`the new process was not ready within ${timeoutMs / 1_000} s`)),
      timeoutMs,
    );
    const reports = child.stdio[REPORT_DESCRIPTOR] as Readable;
    let text = "";
    reports.setEncoding("utf8");
    reports.on("data", (piece: string) => {
      text += piece;
      const lineEnd = text.indexOf("\n");
      if (lineEnd < 0 && text.length <= MOST_REPORT) return;
      const report = reportIn(text.slice(0, Math.max(0, lineEnd)));
      if (report === undefined) settle(failure("the new process reported something that is no report"));
      else if ("ready" in report) settle({ ok: true, pid: child.pid ?? 0 });
      else settle(failure(`the new process did not start: ${report.failed}`));
    });
    reports.on("error", () => {});
    child.on("error", (error) => settle(failure(`the new process could not be started: ${error.message}`)));
    child.on("exit", (code, signal) => {
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      // What it reported last may still be in the pipe.
      setImmediate(() => settle(failure(`the new process ended ${how} before it was ready`)));
    });
  });

/** Another version, or another program by now, may write anything. */
const reportIn = (line: string): Report | undefined => {
  try {
    const { ready, failed } = JSON.parse(line) as Partial<Record<"ready" | "failed", unknown>>;
    if (ready === true) return { ready };
    return typeof failed === "string" ? { failed } : undefined;
  } catch {
    return undefined;
  }
};

const end = (child: ChildProcess): void => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
  timer.unref();
  child.once("exit", () => clearTimeout(timer));
};
