import { execFileSync } from "node:child_process";
import {
  constants,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileDevice } from "../../../../../runtimes/engine/log/file-device.ts";
import { ManualClock } from "../../../../../runtimes/memory/clock.ts";
import { waitingIn } from "../../../../support/pipe.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("log file", () => {
  let directory = "";
  let path = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "fairlead-log-device-"));
    path = join(directory, "a.log");
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const contentOf = (name: string): string => readFileSync(join(directory, name), "utf8");

  test("is put aside when it is full", async () => {
    const device = new FileDevice(path, new ManualClock());
    device.rotate = { size: 4, keep: 2 };
    for (const line of ["1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n"]) await device.write(bytes(line));
    await device.close();
    expect(readdirSync(directory).toSorted()).toEqual(["a.log", "a.log.1", "a.log.2"]);
    expect(["a.log.2", "a.log.1", "a.log"].map(contentOf)).toEqual(["3\n4\n", "5\n6\n", "7\n"]);
  });

  test("keeps growing while it can't be put aside, reports it once a minute, and is put aside when it can be", async () => {
    const clock = new ManualClock();
    const device = new FileDevice(path, clock);
    const reasons: string[] = [];
    device.rotate = { size: 4, keep: 1 };
    device.notRotated = (why) => void reasons.push(why);
    mkdirSync(`${path}.1`);
    for (let i = 0; i < 9; i += 1) await device.write(bytes(`${i}\n`));
    expect(contentOf("a.log")).toBe("0\n1\n2\n3\n4\n5\n6\n7\n8\n");
    expect(reasons).toEqual(["EISDIR"]);
    await clock.advance(60_000);
    await device.write(bytes("a\n"));
    expect(reasons).toEqual(["EISDIR", "EISDIR"]);
    rmdirSync(`${path}.1`);
    await device.write(bytes("b\n"));
    await clock.advance(60_000);
    await device.write(bytes("c\n"));
    await device.close();
    expect([contentOf("a.log.1"), contentOf("a.log")]).toEqual(["0\n1\n2\n3\n4\n5\n6\n7\n8\na\nb\n", "c\n"]);
    expect(reasons).toHaveLength(2);
  });

  test("that is a pipe can't be opened while nobody reads it", () => {
    execFileSync("mkfifo", [path]);
    expect(() => new FileDevice(path, new ManualClock())).toThrow(/ENXIO/);
  });

  test("that is a pipe gets every line, though its reader is slow, and is never put aside", async () => {
    execFileSync("mkfifo", [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const device = new FileDevice(path, new ManualClock());
      device.rotate = { size: 4, keep: 1 };
      // More than a pipe holds.
      const text = `${"x".repeat(1_023)}\n`.repeat(200);
      let isWritten = false;
      const written = device.write(bytes(text)).then(() => void (isWritten = true));
      await new Promise((resolve) => setImmediate(resolve));
      expect(isWritten).toBe(false);
      let read = "";
      while (read.length < text.length) {
        read += waitingIn(reader);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await written;
      await device.write(bytes("more\n"));
      expect(read).toBe(text);
      expect(waitingIn(reader)).toBe("more\n");
      await device.close();
      expect(readdirSync(directory)).toEqual(["a.log"]);
    } finally {
      closeSync(reader);
    }
  });
});
