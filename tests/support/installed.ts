/** The packed package, installed into an empty project. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./sources.ts";

/** A script may print a whole bundle. */
const MOST_PRINTED_BYTES = 16 * 1024 * 1024;

/** Oldest Node that the package promises to run on. */
export const OLDEST_NODE = "22.18.0";

const OLDEST_NODE_PACKAGE = `node-${process.platform}-${process.arch}`;

const own = (name: string): string => join(ROOT, "node_modules/.bin", name);

/** What runs in the project: a command, its arguments, variables over the test's own. */
export interface Run {
  (command: string, args: readonly string[], env?: Readonly<Record<string, string>>): string;
}

export interface Installed {
  readonly directory: string;
  /** Paths in the tarball. */
  readonly files: readonly string[];
  readonly packedBytes: number;
  /** By name: the binaries that run JavaScript, with the arguments that go before the file. */
  readonly runtimes: Readonly<Record<string, readonly [command: string, ...args: string[]]>>;
  /** Gives what the command printed; throws with all it printed when it fails. */
  readonly run: Run;
  remove(): void;
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** This process's variables, without what npm and the test runner set for their own children. */
const inherited = (): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_OPTIONS$|FORCE_COLOR$)/i.test(name)),
  );

const runIn =
  (directory: string): Run =>
  (command, args, env = {}) => {
    try {
      return execFileSync(command, args, {
        maxBuffer: MOST_PRINTED_BYTES,
        cwd: directory,
        encoding: "utf8",
        env: { ...inherited(), NO_COLOR: "1", ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
      throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
    }
  };

/** Packs (which builds), then installs the tarball and the oldest Node. */
export const installPacked = (): Installed => {
  const directory = mkdtempSync(join(tmpdir(), "fairlead-package-"));
  const packing = runIn(ROOT)("npm", ["pack", "--json", "--silent", "--pack-destination", directory]);
  const [packed] = JSON.parse(packing.slice(packing.indexOf("[\n"))) as Packed[];
  if (packed === undefined) throw new Error(`nothing was packed: ${packing}`);
  const project = join(directory, "project");
  mkdirSync(project);
  const manifest = {
    private: true,
    type: "module",
    // The second is what an example serves its app with.
    dependencies: { fairlead: `file:../${packed.filename}`, "@hono/node-server": "*" },
    devDependencies: { [OLDEST_NODE_PACKAGE]: OLDEST_NODE },
  };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  cpSync(join(ROOT, "examples"), join(project, "examples"), { recursive: true });
  const run = runIn(project);
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"]);
  return {
    directory: project,
    files: packed.files.map(({ path }) => path),
    packedBytes: packed.size,
    runtimes: {
      [`node ${OLDEST_NODE}`]: [join(project, "node_modules", OLDEST_NODE_PACKAGE, "bin/node")],
      "node 26": [own("node")],
      bun: [own("bun")],
      deno: [own("deno"), "run", "--allow-all", "--quiet"],
    },
    run,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
};
