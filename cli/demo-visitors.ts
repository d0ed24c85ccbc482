/** Requests for the demo, so that its dashboard has something to show. */

/** What is asked for, and how often relative to the others. */
const VISITS: readonly (readonly [path: string, share: number])[] = [
  ["/", 12],
  ["/swift/hello", 5],
  ["/moody/poem", 2],
  ["/hasty/lunch", 1],
  ["/old", 1],
];

/** Mean time between two visits. */
const PAUSE_MS = 100;
/** Visits at the same time. */
const MOST_AT_ONCE = 20;

const TARGETS: readonly string[] = VISITS.flatMap(([path, share]) => Array<string>(share).fill(path));

/** Sends about ten requests a second to `address`. @returns what ends it */
export const startVisitors = (address: string): (() => void) => {
  const left = new AbortController();
  let underWay = 0;
  let timer: ReturnType<typeof setTimeout>;
  const visit = async (): Promise<void> => {
    const target = TARGETS[Math.floor(Math.random() * TARGETS.length)] ?? "/";
    underWay += 1;
    try {
      const response = await fetch(`${address}${target}`, { redirect: "manual", signal: left.signal });
      await response.body?.cancel();
    } catch {
      // The proxy is stopping, or refuses connections: the dashboard shows that.
    }
    underWay -= 1;
  };
  const next = (): void => {
    if (underWay < MOST_AT_ONCE) void visit();
    timer = setTimeout(next, PAUSE_MS * (0.5 + Math.random()));
  };
  next();
  return () => {
    clearTimeout(timer);
    left.abort();
  };
};
