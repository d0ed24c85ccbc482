/** The part that comes first: a contender that fails its checks is not timed. */
import { startCheckOrigin } from "./check-origin.ts";
import { type CheckResult, checkProxy } from "./checks.ts";
import type { Contender } from "./contender.ts";
import { type Bench, startContender } from "./running.ts";

/** Checks every contender in front of the check origin. One that can't be started fails its check. */
export const runChecks = async (bench: Bench): Promise<Record<string, CheckResult>> => {
  const results: Record<string, CheckResult> = {};
  const origin = await startCheckOrigin();
  try {
    for (const contender of bench.contenders) {
      const result = await checkContender(bench, contender, origin.port);
      results[contender.name] = result;
      bench.say(
        `check ${contender.name}: ${result.failures.length === 0 ? "ok" : result.failures.join("; ")}`,
      );
    }
  } finally {
    origin.server.close();
    origin.server.closeAllConnections();
  }
  return results;
};

const checkContender = async (
  bench: Bench,
  contender: Contender,
  originPort: number,
): Promise<CheckResult> => {
  try {
    const running = await startContender(bench, contender, originPort);
    try {
      return await checkProxy(running.port);
    } finally {
      await running.child.stop();
    }
  } catch (error) {
    return { failures: [error instanceof Error ? error.message : String(error)], hygiene: {} };
  }
};
