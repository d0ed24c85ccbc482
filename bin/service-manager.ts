/**
 * Tells a service manager how this process is: sd_notify(3).
 *
 * No runtime opens Unix datagram sockets, so systemd's own program sends the messages. It is there wherever systemd is.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import process from "node:process";
import type { ServiceManager } from "../cli/host.ts";

const PROGRAM = "systemd-notify";

/** Sends one message. Rejects when it could not be sent. */
const send = (lines: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile(PROGRAM, [...lines], (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(stderr.trim() === "" ? error.message : stderr.trim(), { cause: error }));
    });
  });

/**
 * A time of the monotonic clock in microseconds, not before now: systemd wants it of a process that begins to reload. What all
 * runtimes can read is the time since the machine was started, in steps of 10 ms. It never lags behind the monotonic clock.
 */
const monotonicTime = async (): Promise<string> => {
  const [seconds = "0"] = (await readFile("/proc/uptime", "utf8")).split(" ");
  return String(Math.round(Number(seconds) * 1e6) + 10_000);
};

const NOBODY: ServiceManager = {
  ready: async () => {},
  reloading: async () => {},
  stopping: async () => {},
  leave() {},
};

/** The manager that `env` names; nothing is sent where it names none. `complain` gets the first failure. */
export const serviceManager = (
  env: Readonly<Record<string, string | undefined>>,
  complain: (message: string) => void,
): ServiceManager => {
  if (env["NOTIFY_SOCKET"] === undefined) return NOBODY;
  let sent = Promise.resolve();
  let hasFailed = false;
  let hasLeft = false;
  // One after the other: their order is what they say.
  const tell = (lines: () => readonly string[] | Promise<readonly string[]>): Promise<void> =>
    (sent = sent
      .then(async () => {
        if (!hasLeft) await send(await lines());
      })
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        if (!hasFailed) complain(`the service manager can't be told anything: ${reason}`);
        hasFailed = true;
      }));
  const watchdogUs = Number(env["WATCHDOG_USEC"] ?? 0);
  let watchdog: ReturnType<typeof setInterval> | undefined;
  const startWatchdog = (): void => {
    if (!(watchdogUs > 0) || watchdog !== undefined) return;
    // Half of the time that systemd waits, as sd_watchdog_enabled(3) recommends.
    watchdog = setInterval(() => void tell(() => ["WATCHDOG=1"]), watchdogUs / 2_000);
    watchdog.unref();
  };
  return {
    ready(status) {
      startWatchdog();
      // MAINPID, because after an upgrade this is not the process that systemd started.
      return tell(() => ["READY=1", `MAINPID=${process.pid}`, `STATUS=${status}`]);
    },
    reloading: () => tell(async () => ["RELOADING=1", `MONOTONIC_USEC=${await monotonicTime()}`]),
    stopping: () => tell(() => ["STOPPING=1", "STATUS=finishing what is in flight"]),
    leave() {
      hasLeft = true;
      clearInterval(watchdog);
    },
  };
};
