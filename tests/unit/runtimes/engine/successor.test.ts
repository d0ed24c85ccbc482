/** Processes that come in place of another one, and are not what they should be. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const directory = mkdtempSync(join(tmpdir(), "fairlead-successor-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const MODULE = new URL("../../../../runtimes/engine/inheritance/successor.ts", import.meta.url).href;

/** What a process says of its successor, which does `work`. */
const resultOf = async (work: string, signal = "new AbortController().signal"): Promise<unknown> => {
  const file = join(directory, "both.mjs");
  writeFileSync(
    file,
    `if (process.env.FAIRLEAD_HANDED_OVER !== undefined) {
      const { writeSync } = await import("node:fs");
      ${work}
      // Runs on after its report, and goes by itself: nobody ends a process that has taken over.
      setTimeout(() => {}, 1_000);
    } else {
      const { startSuccessor } = await import(${JSON.stringify(MODULE)});
      console.log(JSON.stringify(await startSuccessor({ listeners: [], timeoutMs: 9_000, signal: ${signal} })));
    }`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  return JSON.parse(stdout);
};

describe("a successor", () => {
  it.each([
    ["text", String.raw`writeSync(3, "hello\n")`],
    ["null", String.raw`writeSync(3, "null\n")`],
    ["another object", String.raw`writeSync(3, '{"ready":1}\n')`],
    ["no end", `for (let i = 0; i < 100; i++) writeSync(3, "x".repeat(1_000))`],
  ])("that reports %s does no harm", async (_, work) => {
    const reason = "the new process reported something that is no report";
    expect(await resultOf(work)).toEqual({ ok: false, reason });
  });

  it("goes where this process stops before it has reported", async () => {
    const reason = "this process is stopping";
    // Longer than the other process waits, which ends it.
    const quiet = "setTimeout(() => {}, 20_000)";
    expect(await resultOf(quiet, "AbortSignal.timeout(300)")).toEqual({ ok: false, reason });
    expect(await resultOf(quiet, "AbortSignal.abort()")).toEqual({ ok: false, reason });
  });

  it("is told by its report", async () => {
    expect(await resultOf(String.raw`writeSync(3, '{"ready":true}\n')`)).toMatchObject({ ok: true });
    const failed = await resultOf(String.raw`writeSync(3, '{"failed":"no config"}\n')`);
    expect(failed).toEqual({ ok: false, reason: "the new process did not start: no config" });
  });
});
