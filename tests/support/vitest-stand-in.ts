/** As much of vitest as the tests of the engine use, so that they run on Deno, which vitest does not. Bun has its own. */
import { isDeepStrictEqual } from "node:util";

type Step = () => unknown;

interface Group {
  readonly name: string;
  readonly parent: Group | undefined;
  readonly before: Step[];
  readonly after: Step[];
}

interface Case {
  readonly name: string;
  readonly group: Group;
  readonly run: Step;
}

const TEST_TIMEOUT_MS = 30_000;
const groupOf = (name: string, parent?: Group): Group => ({ name, parent, before: [], after: [] });
const collected: Case[] = [];
let current = groupOf("");

export const describe = (name: string, body: () => void): void => {
  const outer = current;
  current = groupOf(`${outer.name}${name} > `, outer);
  body();
  current = outer;
};
export const test = (name: string, run: Step): void => {
  collected.push({ name: current.name + name, group: current, run });
};
export const beforeEach = (step: Step): void => void current.before.push(step);
export const afterEach = (step: Step): void => void current.after.push(step);

const around = (group: Group | undefined, kind: "before" | "after"): Step[] =>
  group === undefined
    ? []
    : kind === "before"
      ? [...around(group.parent, kind), ...group.before]
      : [...group.after, ...around(group.parent, kind)];

const runOne = async ({ group, run }: Case): Promise<void> => {
  let failure: { readonly error: unknown } | undefined;
  const attempt = async (step: Step): Promise<void> => {
    try {
      await step();
    } catch (error) {
      failure ??= { error };
    }
  };
  for (const step of around(group, "before")) await attempt(step);
  if (failure === undefined) await attempt(run);
  for (const step of around(group, "after")) await attempt(step);
  if (failure !== undefined) throw failure.error;
};

/** Runs everything that was described, one after the other. @returns the number of failures */
export const runTests = async (tell: (line: string) => void): Promise<number> => {
  let failures = 0;
  for (const each of collected) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const late = new Promise((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(`took longer than ${TEST_TIMEOUT_MS} ms`)),
          TEST_TIMEOUT_MS,
        );
      });
      await Promise.race([runOne(each), late]);
      tell(`ok ${each.name}`);
    } catch (error) {
      failures++;
      tell(`not ok ${each.name}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    } finally {
      clearTimeout(timer);
    }
  }
  tell(`${collected.length - failures} passed, ${failures} failed`);
  return failures;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** As `toEqual` has it: a property that is undefined is as good as none. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value) || value instanceof Error || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, of]) => of !== undefined)
      .map(([key, of]) => [key, plain(of)]),
  );
};

const matches = (actual: unknown, expected: unknown): boolean => {
  if (!isObject(expected) || expected instanceof Error)
    return isDeepStrictEqual(plain(actual), plain(expected));
  return isObject(actual) && Object.entries(expected).every(([key, value]) => matches(actual[key], value));
};

const shown = (value: unknown): string =>
  isObject(value) ? (JSON.stringify(value, (_, of: unknown) => of ?? null) ?? "") : String(value);

type Check = (expected?: unknown) => void;

const holds = (actual: unknown, what: string, test: (expected: unknown) => boolean): Check => {
  return (expected) => {
    if (!test(expected)) throw new Error(`expected ${shown(actual)} ${what} ${shown(expected)}`);
  };
};

const checks = (actual: unknown): Record<string, Check> => ({
  toBe: holds(actual, "to be", (expected) => Object.is(actual, expected)),
  toEqual: holds(actual, "to equal", (expected) => isDeepStrictEqual(plain(actual), plain(expected))),
  toMatchObject: holds(actual, "to match", (expected) => matches(actual, expected)),
  toBeUndefined: holds(actual, "to be", () => actual === undefined),
  toMatch: holds(actual, "to match", (expected) => (expected as RegExp).test(String(actual))),
  toContain: holds(actual, "to contain", (expected) => (actual as unknown[]).includes(expected)),
  toHaveLength: holds(actual, "to have length", (expected) => (actual as unknown[]).length === expected),
  toBeLessThan: holds(actual, "to be below", (expected) => Number(actual) < Number(expected)),
  toBeLessThanOrEqual: holds(actual, "to be at most", (expected) => Number(actual) <= Number(expected)),
  toBeGreaterThan: holds(actual, "to be above", (expected) => Number(actual) > Number(expected)),
});

interface Expectation {
  readonly [check: string]: Check;
}

export const expect = (actual: unknown): Expectation => ({
  ...checks(actual),
  // Types of vitest's own; here it is enough that it works.
  rejects: {
    async toThrow(text: string): Promise<void> {
      const error = await (actual as Promise<unknown>).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!(error instanceof Error) || !error.message.includes(text)) {
        throw new Error(`expected ${String(error)} to say ${text}`);
      }
    },
  } as unknown as Check,
});

const restores: (() => void)[] = [];
export const vi = {
  spyOn<Key extends string>(
    target: Record<Key, unknown>,
    key: Key,
  ): { mockImplementation(by: (...args: unknown[]) => void): void } {
    const original = target[key];
    restores.push(() => {
      target[key] = original;
    });
    return {
      mockImplementation(by) {
        target[key] = by;
      },
    };
  },
  restoreAllMocks(): void {
    for (const restore of restores.splice(0)) restore();
  },
};
