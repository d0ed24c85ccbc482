/** Who has started this process: another one that it replaces, a service manager, or a person. */
import process from "node:process";
import type { Host } from "../cli/host.ts";
import { ESTATE_VARIABLE, type Predecessor } from "../runtimes/engine/inheritance/predecessor.ts";
import type { Inheritable } from "../runtimes/engine/inheritance/successor.ts";
import { serviceManager } from "./service-manager.ts";

type Environment = Record<string, string | undefined>;

/** Of runtimes that can't pass sockets on as `stdio`. */
const INHERITABLE: Readonly<Record<string, () => Promise<() => Inheritable>>> = {
  deno: async () => (await import("../runtimes/deno/inheritable.ts")).inheritable,
};

/** `complain` writes a line for people. */
export const startConditions = (
  runtime: string,
  env: Environment,
  complain: (message: string) => void,
): Pick<Host, "serviceManager" | "inheritance" | "tookOver" | "failed" | "startSuccessor"> => {
  const manager = serviceManager(env, complain);
  let predecessor: Predecessor | undefined;
  return {
    serviceManager: manager,
    async inheritance() {
      try {
        predecessor = await predecessorOf(env);
        return predecessor?.inheritance ?? (await socketsOfManager(env));
      } finally {
        // Not for processes that this one starts.
        for (const name of VARIABLES) delete env[name];
      }
    },
    tookOver: () => predecessor?.ready(),
    failed: (reason) => predecessor?.failed(reason),
    async startSuccessor(options) {
      const reason = obstacle(env);
      if (reason !== undefined) return { ok: false, reason };
      const { startSuccessor } = await import("../runtimes/engine/inheritance/successor.ts");
      return startSuccessor(options, await INHERITABLE[runtime]?.());
    },
  };
};

const VARIABLES = [ESTATE_VARIABLE, "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES"];

const predecessorOf = async (env: Environment): Promise<Predecessor | undefined> => {
  if (env[ESTATE_VARIABLE] === undefined) return undefined;
  const { predecessorIn } = await import("../runtimes/engine/inheritance/predecessor.ts");
  return predecessorIn(env);
};

const socketsOfManager: (env: Environment) => ReturnType<Host["inheritance"]> = async (env) => {
  if (env["LISTEN_FDS"] === undefined) return undefined;
  const { systemdSockets } = await import("../runtimes/engine/inheritance/systemd-sockets.ts");
  return systemdSockets(env, process.pid);
};

/** Why no other process can replace this one. */
const obstacle = (env: Environment): string | undefined => {
  if (process.platform !== "linux") return "sockets can be handed over on Linux only";
  if (process.pid === 1) {
    return "this is process 1 of its container, which ends together with it; start another container instead";
  }
  if (env["SYSTEMD_EXEC_PID"] === String(process.pid) && env["NOTIFY_SOCKET"] === undefined) {
    return "systemd would take the end of this process for the end of the service; its unit needs Type=notify and NotifyAccess=all";
  }
  return undefined;
};
