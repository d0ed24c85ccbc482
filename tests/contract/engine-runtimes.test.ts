/**
 * The engine's client is the same code everywhere: its tests run on Deno and Bun too, and so does the contract of all
 * transports.
 */
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
      "fetch transport > tells a connection that broke from one that can't be made":
        "Deno's fetch tells neither apart by a code",
    },
  },
  {
    name: "bun",
    arguments: ["test"],
    passed: /^\(pass\) (.*?)(?: \[[\d.]+m?s\])?$/gm,
    failed: /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$/gm,
    exempt: {
      "fetch transport > gives up the client's content when the client leaves":
        "Bun's fetch cancels the content before its failure is reported: the reason is another one",
    },
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
  [...new Set([...output.matchAll(pattern)].map(([, name]) => name ?? ""))].toSorted();

describe.each(RUNTIMES)(
  "the engine's client and the transports on $name",
  ({ name, arguments: args, passed, failed, exempt }) => {
    test("passes its tests, but for those that are listed with a reason", { timeout: 180_000 }, async () => {
      const output = await outputOf(name, [...args, ...FILES]);
      // The report of a failure there is shown whole: a difference of names tells little.
      if (namesIn(output, failed).length > Object.keys(exempt).length) throw new Error(output);
      expect(namesIn(output, failed)).toEqual(Object.keys(exempt).toSorted());
      expect(namesIn(output, passed).length).toBeGreaterThan(100);
    });
  },
);
