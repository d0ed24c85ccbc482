/** Reports of the process that is to replace this one. */
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

/** Stops the process once it gets SIGUSR2. */
const STOPPED_BY_SIGNAL = `(() => {
  const stop = new AbortController();
  process.once("SIGUSR2", () => stop.abort());
  return stop.signal;
})()`;

/** The result of a process that starts a successor. @param work code of the successor. @param signal code for the option */
const resultOf = async (work: string, signal = "new AbortController().signal"): Promise<unknown> => {
  const file = join(directory, "both.mjs");
  writeFileSync(
    file,
    `if (process.env.FAIRLEAD_HANDED_OVER !== undefined) {
      const { writeSync } = await import("node:fs");
      // Runs until its standard input ends, which it has from the other process.
      process.stdin.resume();
      ${work}
    } else {
      const { startSuccessor } = await import(${JSON.stringify(MODULE)});
      console.log(JSON.stringify(await startSuccessor({ listeners: [], timeoutMs: 9_000, signal: ${signal} })));
    }`,
  );
  const ended = promisify(execFile)(process.execPath, [file]);
  const { child } = ended;
  child.once("exit", () => child.stdin?.end());
  const { stdout } = await ended;
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

  it("is ended where this process stops before it has reported", async () => {
    const reason = "this process is stopping";
    const stopsOther = `process.kill(process.ppid, "SIGUSR2")`;
    expect(await resultOf(stopsOther, STOPPED_BY_SIGNAL)).toEqual({ ok: false, reason });
    expect(await resultOf("", "AbortSignal.abort()")).toEqual({ ok: false, reason });
  });

  it("is ready, or has failed, as its report says", async () => {
    expect(await resultOf(String.raw`writeSync(3, '{"ready":true}\n')`)).toMatchObject({ ok: true });
    const failed = await resultOf(String.raw`writeSync(3, '{"failed":"no config"}\n')`);
    expect(failed).toEqual({ ok: false, reason: "the new process did not start: no config" });
  });
});
