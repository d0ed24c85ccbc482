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
 * `begun` is called at the first. A second signal cuts what is in flight; a third ends the process whatever it is doing.
 */
export const stopOnSignal = (host: Host, serving: Serving, begun: () => void): Promise<number> =>
  new Promise((resolve) => {
    const style = styleFor(host.stderr, host.env);
    let signals = 0;
    let lastAt = Number.NEGATIVE_INFINITY;
    const settle = (stage: number, ended: Promise<{ readonly cut: number }>): void => {
      ended.then(
        ({ cut }) => {
          // The drain that a second signal overtook ends too, and counts nothing.
          if (stage !== signals) return;
          if (cut > 0) host.stderr.write(`${cut} ${cut === 1 ? "request was" : "requests were"} cut off\n`);
          resolve(cut > 0 ? EXIT.failed : EXIT.ok);
        },
        (thrown: unknown) => {
          host.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
          resolve(EXIT.failed);
        },
      );
    };
    host.onSignal((signal) => {
      const now = host.now();
      if (now - lastAt < SAME_SIGNAL_MS) return;
      lastAt = now;
      signals += 1;
      if (signals === 1) {
        host.stderr.write(
          `${style.dim(`${signal}: finishing what is in flight; once more stops at once`)}\n`,
        );
        void host.serviceManager.stopping();
        begun();
        settle(signals, serving.drain());
      } else if (signals === 2) {
        host.stderr.write(`${signal}: stopping at once\n`);
        settle(signals, serving.stop());
      } else host.exit(EXIT.failed);
    });
  });
