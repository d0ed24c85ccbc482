/** Clock, randomness and network by Web standards alone, for middleware in apps without a platform. */
import type { Clock, Random } from "../src/core/platform.ts";
import type { SendPost } from "../src/core/post.ts";
import { fetchPost } from "../src/web/fetch-post.ts";

// oxlint-disable-next-line no-restricted-globals -- see above
export const standardNow = (): number => performance.now();

/** Uniform in [0, 1). */
// oxlint-disable-next-line no-restricted-properties -- see above
export const standardFloat = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;

const hasUnref = (timer: unknown): timer is { unref(): void } =>
  typeof timer === "object" && timer !== null && "unref" in timer;

export const standardClock: Clock = Object.freeze({
  now: standardNow,
  // oxlint-disable-next-line no-restricted-properties -- see above
  epoch: () => Date.now(),
  after: (ms: number, task: () => void) => {
    // oxlint-disable-next-line no-restricted-globals -- see above
    const timer: unknown = setTimeout(task, ms);
    // On runtimes whose timers keep the process alive, they are objects with `unref`.
    if (hasUnref(timer)) timer.unref();
    // oxlint-disable-next-line no-restricted-globals -- see above
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
});

export const standardRandom: Random = Object.freeze({
  float: standardFloat,
  below: (bound: number) => Math.floor(standardFloat() * bound),
  // oxlint-disable-next-line no-restricted-properties -- see above
  id: () => crypto.randomUUID().replaceAll("-", ""),
});

// oxlint-disable-next-line no-restricted-globals -- see above
export const standardPost: SendPost = fetchPost((url, init) => fetch(url, init));
