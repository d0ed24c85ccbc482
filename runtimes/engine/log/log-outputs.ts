/** Logs on Node, Deno and Bun: standard streams and files. */
import { clearTimeout, setTimeout } from "node:timers";
import type { LogOutput, LogOutputs } from "../../../src/core/log-output.ts";
import type { Clock } from "../../../src/core/platform.ts";
import { errorCode } from "../../error-code.ts";
import { BufferedOutput, type LogDevice } from "./buffered-output.ts";
import { FileDevice } from "./file-device.ts";
import { type SocketStream, processStream, streamDevice } from "./stream-device.ts";

const STDOUT = 1;
const STDERR = 2;

interface Opened {
  readonly device: LogDevice;
  readonly output: BufferedOutput;
}

/** Nothing is opened before it is asked for. */
export const engineLogOutputs = (clock: Clock, socketStream: SocketStream = processStream): LogOutputs => {
  const opened = new Map<string, Opened>();
  const outputs = (): BufferedOutput[] => [...opened.values()].map(({ output }) => output);
  const use: LogOutputs["use"] = ({ to, rotate }, reports) => {
    const known = opened.get(to);
    if (known === undefined) return;
    known.output.lost = reports.lost;
    if (!(known.device instanceof FileDevice)) return;
    known.device.rotate = rotate;
    known.device.notRotated = reports.notRotated;
  };
  return {
    open(target, reports): LogOutput {
      const { to } = target;
      const known = opened.get(to);
      if (known !== undefined) return known.output;
      const device = deviceFor(to, socketStream, clock);
      const output = new BufferedOutput(device, clock, reports.lost);
      opened.set(to, { device, output });
      use(target, reports);
      return output;
    },
    use,
    keepOnly(targets) {
      for (const [to, { device, output }] of opened) {
        if (targets.has(to) || !(device instanceof FileDevice)) continue;
        opened.delete(to);
        output.release();
      }
    },
    reopen() {
      for (const output of outputs()) output.reopen();
    },
    async writeBatch(to, bytes) {
      await opened.get(to)?.output.writeBatch(bytes);
    },
    flush: (ms) => flushed(outputs(), ms),
  };
};

/** Resolves when all lines are written, or after `ms`. */
export const flushed = (outputs: readonly BufferedOutput[], ms: number): Promise<void> =>
  new Promise((resolve) => {
    // Keeps the process alive until the lines are written.
    const timer = setTimeout(resolve, ms);
    void Promise.all(outputs.map((output) => output.flushed())).then(() => {
      clearTimeout(timer);
      resolve();
    });
  });

const deviceFor = (to: string, socketStream: SocketStream, clock: Clock): LogDevice => {
  if (to === "stdout") return streamDevice(STDOUT, socketStream);
  if (to === "stderr") return streamDevice(STDERR, socketStream);
  try {
    return new FileDevice(to, clock);
  } catch (thrown) {
    throw new TypeError(`the log file can't be opened: ${reasonOf(thrown)}`, { cause: thrown });
  }
};

const reasonOf = (thrown: unknown): string => {
  const code = errorCode(thrown);
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "its directory does not exist";
    case "EACCES":
    case "EPERM":
      return "no permission";
    case "EISDIR":
      return "it is a directory";
    case "ENXIO":
      return "it is a pipe that nobody reads, or a socket";
    default:
      return code ?? "unknown reason";
  }
};
