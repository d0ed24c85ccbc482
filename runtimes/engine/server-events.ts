/** What a server says of itself in the log. */
import type { LogEvent } from "../../src/observe/event-log.ts";
import type { Serving } from "../serving.ts";
import { clientRoom } from "./open-files.ts";

export const listening = (address: Serving["address"]): LogEvent => ({
  category: "server",
  level: "info",
  message: "listening",
  facts: placeOf(address),
});

const placeOf = ({ scheme, host, port, socket }: Serving["address"]): NonNullable<LogEvent["facts"]> =>
  socket === undefined ? { scheme, host, port } : { scheme, socket };

export const finishing: LogEvent = Object.freeze<LogEvent>({
  category: "server",
  level: "info",
  message: "finishing what is in flight",
});

export const replaced: LogEvent = Object.freeze<LogEvent>({
  category: "server",
  level: "info",
  message: "another process has taken over; finishing what is in flight",
});

export const stopped: LogEvent = Object.freeze<LogEvent>({
  category: "server",
  level: "info",
  message: "stopped",
});

/** Clients beyond the number that there are files for are refused: a process that has used up its files can accept none. */
export const fewFiles = (connections: number, openFiles: number): LogEvent => ({
  category: "server",
  level: "warning",
  message: `listen.limits.connections is ${connections}, but this process may have ${openFiles} files open (ulimit -n), which is enough for ${clientRoom(openFiles)} clients: more are refused`,
});

export const configChanged = (generation: number): LogEvent => ({
  category: "config",
  level: "info",
  message: "another config is in effect",
  facts: { generation },
});

export const configRefused = (reason: string): LogEvent => ({
  category: "config",
  level: "error",
  message: `the config was refused, and the one before goes on: ${reason}`,
});
