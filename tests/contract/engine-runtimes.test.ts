/** The engine's client is the same code everywhere: its tests, the transport contract among them, run on Deno and Bun too. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LAUNCH = "./tests/support/launch";
const CLIENT = "./tests/unit/runtimes/engine/client";

const FILES = [
  ...readdirSync(`${ROOT}${CLIENT}`)
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `${CLIENT}/${name}`),
  "./tests/contract/transport.test.ts",
];

interface Runtime {
  readonly name: string;
  readonly arguments: readonly string[];
  /** What it prints for a test that passed, or did not. */
  readonly passed: RegExp;
  readonly failed: RegExp;
  /** Cases that can't pass there, each with its reason. */
  readonly exempt: Readonly<Record<string, string>>;
}

const RUNTIMES: readonly Runtime[] = [
  {
    name: "deno",
    arguments: ["run", "--allow-all", "--import-map", `${LAUNCH}/deno-tests.json`, `${LAUNCH}/deno-tests.ts`],
    passed: /^ok (.*)$/gm,
    failed: /^not ok (.*)$/gm,
    exempt: {
      "TLS to an endpoint > resumes its sessions":
        "Deno's server, the test's origin, does not tell of resumption",
    },
  },
  {
    name: "bun",
    arguments: ["test"],
    passed: /^\(pass\) (.*?)(?: \[[\d.]+m?s\])?$/gm,
    failed: /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$/gm,
    exempt: {},
  },
];

const outputOf = (command: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(`${ROOT}node_modules/.bin/${command}`, args, { cwd: ROOT, timeout: 120_000 });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });

const namesIn = (output: string, pattern: RegExp): string[] =>
  [...output.matchAll(pattern)].map(([, name]) => name ?? "").toSorted();

describe.each(RUNTIMES)(
  "the engine's client on $name",
  ({ name, arguments: args, passed, failed, exempt }) => {
    test("passes its tests, but for those that are listed with a reason", { timeout: 180_000 }, async () => {
      const output = await outputOf(name, [...args, ...FILES]);
      expect(namesIn(output, failed), output).toEqual(Object.keys(exempt).toSorted());
      expect(namesIn(output, passed).length, output).toBeGreaterThan(100);
    });
  },
);
