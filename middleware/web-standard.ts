/** The Web standard's own time, randomness and network: for apps without a platform, and for the platforms over `fetch`. */
/* oxlint-disable no-restricted-globals, no-restricted-properties -- this file is where such apps get what a platform passes to a gateway */
import type { Clock, Random } from "../src/core/platform.ts";
import type { SendPost } from "../src/core/post.ts";
import { fetchPost } from "../src/web/fetch-post.ts";

export const standardNow = (): number => performance.now();

/** Uniform in [0, 1). */
export const standardFloat = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;

export const standardUuid = (): string => crypto.randomUUID();

const hasUnref = (timer: unknown): timer is { unref(): void } =>
  typeof timer === "object" && timer !== null && "unref" in timer;

export const standardClock: Clock = Object.freeze({
  now: standardNow,
  epoch: () => Date.now(),
  after: (ms: number, task: () => void) => {
    const timer: unknown = setTimeout(task, ms);
    // On runtimes whose timers keep the process alive, they are objects with `unref`.
    if (hasUnref(timer)) timer.unref();
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
});

export const standardRandom: Random = Object.freeze({
  float: standardFloat,
  below: (bound: number) => Math.floor(standardFloat() * bound),
  id: () => standardUuid().replaceAll("-", ""),
});

export const standardPost: SendPost = fetchPost((url, init) => fetch(url, init));
