import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "../../support/sources.ts";

let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-worker-"));
  mkdirSync(join(directory, "scripts"));
  copyFileSync(join(ROOT, "scripts/worker-config.mjs"), join(directory, "scripts/worker-config.mjs"));
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const run = (name: string, text: string): { status: number | null; stderr: string } => {
  writeFileSync(join(directory, name), text);
  const script = join(directory, "scripts/worker-config.mjs");
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  return { status, stderr };
};

describe("the Worker's config", () => {
  it.each([
    ["fairlead.json", '{ // where it goes\n  "upstreams": { "a": "http://a" },\n}'],
    ["fairlead.yaml", "upstreams: { a: http://a }"],
  ])("is %s as plain JSON", (name, text) => {
    expect(run(name, text)).toEqual({ status: 0, stderr: "" });
    const written = readFileSync(join(directory, "dist/worker-config.json"), "utf8");
    expect(JSON.parse(written)).toEqual({ upstreams: { a: "http://a" } });
  });

  it.each([
    ["fairlead.json", '{\n  "upstreams" }', "fairlead.json:2:15: this is not JSON"],
    ["fairlead.yaml", "a: [", "fairlead.yaml: "],
    ["fairlead.ts", "export default {}", "fairlead.ts can't be bundled as data"],
  ])("is refused in one sentence where %s can't be it", (name, text, sentence) => {
    const { status, stderr } = run(name, text);
    expect(status).toBe(2);
    expect(stderr).toContain(`error: ${sentence}`);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
