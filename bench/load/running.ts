/** Contenders as processes: started in front of an origin, used, stopped. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Child, startChild } from "./children.ts";
import type { Contender, Launch } from "./contender.ts";
import type { Cores } from "./cores.ts";
import { freePort } from "../../tests/support/free-port.ts";
import { type StartUp, untilAnswers } from "./ready.ts";

/** What all parts share. */
export interface Bench {
  readonly contenders: readonly Contender[];
  readonly cores: Cores;
  /** Scratch folder. */
  readonly folder: string;
  /** The nginx origin's. */
  readonly originPort: number;
  /** Progress, one line a call. */
  say(line: string): void;
  /** A contender that passed its checks failed later: it has no numbers in that part, the others go on. */
  broke(contender: string, part: string, error: unknown): void;
}

export interface Running {
  readonly contender: Contender;
  readonly child: Child;
  readonly port: number;
  readonly tlsPort: number;
  readonly startUp: StartUp;
}

let folders = 0;

/** Starts a contender and waits for its first answer. `adapt` may change its command line. */
export const startContender = async (
  bench: Bench,
  contender: Contender,
  originPort: number,
  adapt: (launch: Launch) => Launch = (launch) => launch,
): Promise<Running> => {
  const folder = join(bench.folder, `contender-${++folders}`);
  mkdirSync(folder);
  const [port, tlsPort] = [await freePort(), await freePort()];
  const launch = adapt(
    await contender.prepare({ port, tlsPort, originPort, folder, runFolder: bench.folder }),
  );
  const since = performance.now();
  const child = startChild(contender.name, launch, bench.cores.proxy);
  try {
    return { contender, child, port, tlsPort, startUp: await untilAnswers(child, port, "/1k", since) };
  } catch (error) {
    await child.stop();
    throw error;
  }
};

/** Starts, uses and stops a contender. Undefined when that failed, which `bench` then knows. */
export const withContender = async <T>(
  bench: Bench,
  contender: Contender,
  part: string,
  use: (running: Running) => T | Promise<T>,
): Promise<T | undefined> => {
  try {
    const running = await startContender(bench, contender, bench.originPort);
    try {
      return await use(running);
    } finally {
      await running.child.stop();
    }
  } catch (error) {
    bench.broke(contender.name, part, error);
    return undefined;
  }
};
