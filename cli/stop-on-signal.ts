/** From the first signal to the exit code. */
import type { Serving } from "../runtimes/serving.ts";
import { EXIT } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import { styleFor } from "./style.ts";

/**
 * A terminal's Ctrl-C reaches npm and its child both, and npm passes it on: two signals at nearly the same
 * time are one.
 */
const SAME_SIGNAL_MS = 300;

/**
 * Resolves to the exit code once a signal came and `serving` has drained: 0 when nothing was cut, else 1.
 * A second signal ends the process at once.
 */
export const stopOnSignal = (host: Host, serving: Serving): Promise<number> =>
  new Promise((resolve) => {
    const style = styleFor(host.stderr, host.env);
    let firstAt: number | undefined;
    host.onSignal((signal) => {
      if (firstAt !== undefined) {
        if (host.now() - firstAt < SAME_SIGNAL_MS) return;
        host.stderr.write(`${signal}: stopped at once; requests in flight were cut off\n`);
        host.exit(EXIT.failed);
        return;
      }
      firstAt = host.now();
      host.stderr.write(`${style.dim(`${signal}: finishing what is in flight; once more stops at once`)}\n`);
      serving.drain().then(
        ({ cut }) => {
          if (cut > 0) host.stderr.write(`${cut} ${cut === 1 ? "request was" : "requests were"} cut off\n`);
          resolve(cut > 0 ? EXIT.failed : EXIT.ok);
        },
        (thrown: unknown) => {
          host.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
          resolve(EXIT.failed);
        },
      );
    });
  });
