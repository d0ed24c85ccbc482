/** Logs of a thread: the main thread writes its lines, so that lines of several never mix and one of them rotates files. */
import { isatty } from "node:tty";
import type { LogOutputs } from "../../../src/core/log-output.ts";
import type { Clock } from "../../../src/core/platform.ts";
import { BufferedOutput, type LogDevice } from "../log/buffered-output.ts";
import { flushed } from "../log/log-outputs.ts";

/** Writes whole lines to an output that the main thread has opened. Resolves when they are written. */
export type WriteLines = (to: string, bytes: Uint8Array) => Promise<void>;

/** As short as that of streams. */
const GATHER_MS = 20;
const DESCRIPTORS: Readonly<Record<string, number>> = { stdout: 1, stderr: 2 };

export const threadLogs = (clock: Clock, write: WriteLines): LogOutputs => {
  const outputs = new Map<string, BufferedOutput>();
  return {
    open({ to }, { lost }) {
      const output = outputs.get(to) ?? new BufferedOutput(remoteDevice(to, write), clock, lost);
      outputs.set(to, output);
      return output;
    },
    use({ to }, { lost }) {
      const output = outputs.get(to);
      if (output !== undefined) output.lost = lost;
    },
    // The main thread has the files.
    keepOnly() {},
    reopen() {},
    flush: (ms) => flushed([...outputs.values()], ms),
  };
};

const remoteDevice = (to: string, write: WriteLines): LogDevice => {
  const fd = DESCRIPTORS[to];
  return {
    isTerminal: fd !== undefined && isatty(fd),
    gatherMs: GATHER_MS,
    // A copy: a message with a view of a buffer carries the whole buffer.
    write: (bytes) => write(to, new Uint8Array(bytes)),
    reopen: async () => {},
    close: async () => {},
  };
};
