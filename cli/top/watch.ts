/** The loop of `fairlead top`: asks each second, draws, and follows the keys. */
import type { Host, Terminal } from "../host.ts";
import { styleFor } from "../style.ts";
import type { AdminAddress } from "./admin-address.ts";
import { askState } from "./ask-state.ts";
import { frameOf } from "./frame.ts";
import { keysIn } from "./keys.ts";
import { ratesBetween } from "./rates.ts";
import { type View, pressed } from "./view.ts";

const REFRESH_MS = 1_000;

export interface Watched {
  readonly address: AdminAddress;
  readonly view: View;
}

/** Resolves when the user quits (q, Ctrl-C) or SIGTERM comes. The terminal is as before then, also where it rejects. */
export const watch = async (
  host: Host,
  terminal: Terminal,
  { address, view: first }: Watched,
): Promise<void> => {
  const style = styleFor(host.stdout, host.env);
  let view = first;
  const draw = (): void => {
    const { lines, offset } = frameOf(view, terminal.size(), style);
    view = { ...view, offset };
    terminal.draw(lines);
  };
  const look = async (): Promise<void> => {
    const answer = await askState(host, address);
    if (view.isPaused) return;
    view = "failure" in answer ? failing(view, answer.failure, host) : current(view, answer.snapshot);
    draw();
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const again = (): void => {
        timer = setTimeout(() => {
          look().then(again, reject);
        }, REFRESH_MS);
      };
      terminal.onInput((input) => {
        for (const key of keysIn(input)) {
          const next = pressed(view, key);
          if (next === undefined) return resolve();
          view = next;
        }
        draw();
      });
      terminal.onResize(draw);
      host.onSignal(() => resolve());
      draw();
      again();
    });
  } finally {
    clearTimeout(timer);
    terminal.close();
  }
};

const current = (view: View, snapshot: View["snapshot"]): View => ({
  ...view,
  snapshot,
  // What was missed while it did not answer would count as one second's.
  rates: ratesBetween(view.failure === undefined ? view.snapshot : undefined, snapshot),
  failure: undefined,
});

const failing = (view: View, message: string, host: Host): View => ({
  ...view,
  failure: { message, since: view.failure?.since ?? host.timeOfDay() },
});
