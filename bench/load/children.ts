/** Processes of a run: each in a group of its own, pinned, and ended whatever happens to this one. */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Launch } from "./contender.ts";
import { machineProgram } from "./programs.ts";

/** A running child. */
export interface Child {
  readonly pid: number;
  readonly name: string;
  /** The last few KB that it printed. */
  output(): string;
  /** True once it has ended. */
  ended(): boolean;
  /** Asks it to end, insists after `graceMs`, and waits until it is gone. @default 2000 */
  stop(graceMs?: number): Promise<void>;
}

const OUTPUT_KEPT = 8192;
const living = new Set<Child>();

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch {
    // the whole group has ended
  }
};

/** The command, pinned to `core`, and killed by the kernel should this process die without warning. */
const wrapped = (launch: Launch, core: number | undefined): [string, string[]] => {
  const words = [launch.command, ...launch.args];
  const taskset = machineProgram("taskset");
  if (core !== undefined && taskset !== undefined) words.unshift(taskset, "-c", String(core));
  const setpriv = machineProgram("setpriv");
  if (setpriv !== undefined) words.unshift(setpriv, "--pdeathsig", "KILL");
  return [words[0] as string, words.slice(1)];
};

const gone = async (child: ChildProcess, withinMs: number): Promise<boolean> => {
  for (let waited = 0; waited < withinMs; waited += 10) {
    if (child.exitCode !== null || child.signalCode !== null) return true;
    await sleep(10);
  }
  return false;
};

/** Starts `launch` pinned to `core`. */
export const startChild = (name: string, launch: Launch, core: number | undefined): Child => {
  const [command, args] = wrapped(launch, core);
  const started = spawn(command, args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...launch.env },
  });
  if (started.pid === undefined) throw new Error(`${name}: ${launch.command} can't be started`);
  const pid = started.pid;
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-OUTPUT_KEPT);
  };
  started.stdout.on("data", keep);
  started.stderr.on("data", keep);
  started.on("error", (error) => {
    output += error.message;
  });
  const child: Child = {
    pid,
    name,
    output: () => output,
    ended: () => started.exitCode !== null || started.signalCode !== null,
    stop: async (graceMs = 2000) => {
      signalGroup(pid, "SIGTERM");
      if (!(await gone(started, graceMs))) signalGroup(pid, "SIGKILL");
      await gone(started, 2000);
      signalGroup(pid, "SIGKILL"); // members that outlived the leader
      living.delete(child);
    },
  };
  living.add(child);
  return child;
};

/** Runs `launch` to its end and gives what it printed; rejects after `limitMs` or when it fails. */
export const runToEnd = async (
  name: string,
  launch: Launch,
  core: number | undefined,
  limitMs: number,
): Promise<string> => {
  const [command, args] = wrapped(launch, core);
  const child = spawn(command, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${name}: ${launch.command} can't be started`);
  const handle: Child = {
    pid,
    name,
    output: () => "",
    ended: () => child.exitCode !== null,
    stop: async () => signalGroup(pid, "SIGKILL"),
  };
  living.add(handle);
  const limit = setTimeout(() => signalGroup(pid, "SIGKILL"), limitMs);
  const chunks: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    const printed = Buffer.concat(chunks).toString("utf8");
    if (code === 0) return printed;
    const why = code === null ? `ended by a signal (limit ${limitMs} ms)` : `exit code ${code}`;
    throw new Error(`${name}: ${why}\n${Buffer.concat(errors).toString("utf8")}${printed}`);
  } finally {
    clearTimeout(limit);
    living.delete(handle);
  }
};

/** Ends every child. */
export const stopAll = async (): Promise<void> => {
  await Promise.all([...living].map((child) => child.stop()));
};

let leaving = false;

/** A signal has come: children are being ended and this process exits once they are gone. */
export const interrupted = (): boolean => leaving;

/** Ends every child on Ctrl-C, on SIGTERM and when this process ends for any other reason. */
export const stopAllWithThisProcess = (beforeExit: () => void): void => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(signal, () => {
      if (leaving) process.exit(code);
      leaving = true;
      void stopAll().finally(() => process.exit(code));
    });
  }
  process.on("exit", () => {
    for (const child of living) signalGroup(child.pid, "SIGKILL");
    beforeExit();
  });
};
