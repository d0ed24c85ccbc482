/** Waiting for things to happen, never for time to pass. */

/** How long anything may take before a test gives up on it. */
export const BOUND_MS = 8_000;

/** `promise`, or an error that says what was waited for. */
export const within = async <T>(
  promise: Promise<T>,
  what: string | (() => string),
  boundMs: number = BOUND_MS,
): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    if (boundMs === Infinity) return;
    timer = setTimeout(() => {
      reject(new Error(`gave up after ${boundMs} ms: ${typeof what === "string" ? what : what()}`));
    }, boundMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Something that changes; whoever waits looks again at each change. */
export class Watched {
  readonly #waiting: Set<() => void> = new Set();

  changed(): void {
    for (const look of Array.from(this.#waiting)) look();
  }

  /** Waits until `probe` gives something other than undefined. What it throws ends the wait. */
  async until<T>(
    probe: () => T | undefined,
    what: string | (() => string),
    boundMs: number = BOUND_MS,
  ): Promise<T> {
    let look: (() => void) | undefined;
    const found = new Promise<T>((resolve, reject) => {
      look = () => {
        try {
          const value = probe();
          if (value !== undefined) resolve(value);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#waiting.add(look);
      look();
    });
    try {
      return await within(found, what, boundMs);
    } finally {
      if (look !== undefined) this.#waiting.delete(look);
    }
  }
}

/** Something that happens once. */
export class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}
