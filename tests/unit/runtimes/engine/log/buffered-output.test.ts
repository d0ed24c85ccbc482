import { describe, expect, test } from "vitest";
import { BufferedOutput } from "../../../../../runtimes/engine/log/buffered-output.ts";
import { ManualClock } from "../../../../../runtimes/memory/clock.ts";
import { writeLine } from "../../../../support/lines.ts";

/** A device that takes what it gets when the test says so. */
const scripted = () => {
  const batches: string[] = [];
  let reopened = 0;
  let settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  return {
    batches,
    get reopened() {
      return reopened;
    },
    get isBusy() {
      return settle !== undefined;
    },
    finish(error?: unknown): void {
      const current = settle;
      settle = undefined;
      if (error === undefined) current?.resolve();
      else current?.reject(error);
    },
    device: {
      isTerminal: false,
      gatherMs: 20,
      write: (bytes: Uint8Array) => {
        batches.push(new TextDecoder().decode(bytes));
        return new Promise<void>((resolve, reject) => {
          settle = { resolve, reject };
        });
      },
      close: async () => {},
      reopen: async () => {
        reopened += 1;
      },
    },
  };
};

interface Loss {
  readonly lines: number;
  readonly why: string;
}

const setUp = (says: () => boolean = () => true) => {
  const clock = new ManualClock();
  const device = scripted();
  const losses: Loss[] = [];
  const output = new BufferedOutput(device.device, clock, (lines, why) => {
    losses.push({ lines, why });
    return says();
  });
  return { clock, device, losses, output };
};

const LINE = "x".repeat(1_023);

describe("buffered output", () => {
  test("writes the lines of a moment together", async () => {
    const { clock, device, output } = setUp();
    for (const line of ["a", "b"]) writeLine(output, line);
    expect(device.batches).toEqual([]);
    await clock.advance(20);
    expect(device.batches).toEqual(["a\nb\n"]);
  });

  test("writes one batch at a time, and what came meanwhile next", async () => {
    const { clock, device, output } = setUp();
    writeLine(output, "a");
    await clock.advance(20);
    writeLine(output, "b");
    await clock.advance(100);
    expect(device.batches).toEqual(["a\n"]);
    device.finish();
    await clock.advance(0);
    expect(device.batches).toEqual(["a\n", "b\n"]);
  });

  test("holds a MiB while the device is stuck, and tells what it lost within a second", async () => {
    const { clock, device, losses, output } = setUp();
    writeLine(output, "first");
    await clock.advance(20);
    const taken = Array.from({ length: 1_100 }, () => writeLine(output, LINE)).filter(Boolean).length;
    expect(taken).toBe(1_024);
    await clock.advance(1_000);
    expect(losses).toEqual([{ lines: 76, why: "they came faster than they could be written" }]);
    device.finish();
    await clock.advance(0);
    expect(device.batches[1]).toHaveLength(1_024 * 1_024);
    expect(writeLine(output, "more")).toBe(true);
  });

  test("tells a loss again that could not be told", async () => {
    let isHeard = false;
    const { clock, losses, output } = setUp(() => isHeard);
    writeLine(output, "first");
    await clock.advance(20);
    for (let i = 0; i < 1_030; i++) writeLine(output, LINE);
    await clock.advance(1_000);
    isHeard = true;
    await clock.advance(1_000);
    expect(losses.map(({ lines }) => lines)).toEqual([6, 6]);
  });

  test("counts the lines of a batch that could not be written, by the code of the failure, and goes on", async () => {
    const { clock, device, losses, output } = setUp();
    for (const line of ["a", "b"]) writeLine(output, line);
    await clock.advance(20);
    device.finish(Object.assign(new Error("secret"), { code: "ENOSPC" }));
    await clock.advance(1_000);
    expect(losses).toEqual([{ lines: 2, why: "no space is left" }]);
    writeLine(output, "c");
    await clock.advance(20);
    expect(device.batches.at(-1)).toBe("c\n");
  });

  test("reopens between two batches", async () => {
    const { clock, device, output } = setUp();
    writeLine(output, "a");
    await clock.advance(20);
    output.reopen();
    await clock.advance(0);
    expect(device.reopened).toBe(0);
    device.finish();
    await clock.advance(0);
    expect(device.reopened).toBe(1);
  });

  test("is flushed once nothing waits", async () => {
    const { clock, device, output } = setUp();
    await output.flushed();
    writeLine(output, "a");
    let isFlushed = false;
    void output.flushed().then(() => {
      isFlushed = true;
    });
    await clock.advance(0);
    expect([device.batches, isFlushed]).toEqual([["a\n"], false]);
    device.finish();
    await clock.advance(0);
    expect(isFlushed).toBe(true);
  });
});
