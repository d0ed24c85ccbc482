/**
 * Builds what the npm package ships, `dist/`: types for every source, and JavaScript in a few files, since a start from
 * hundreds of them takes a third longer. All entry points share their chunks, so that a class is the same in all of them.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { dashboardModule } from "./dashboard-module.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: unknown;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** Built files that the manifest names. */
const entryPoints = (value: unknown): string[] => {
  if (typeof value === "string") return value.endsWith(".js") ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(entryPoints) : [];
};

const compile = (): void => {
  const compiler = ["-p", "tsconfig.build.json"];
  const { status } = spawnSync(`${root}node_modules/.bin/tsc`, compiler, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};

/** Puts the JavaScript that was compiled to `dist/` together; packages that it depends on stay apart. */
const bundle = ({ bin, exports, dependencies, peerDependencies }: Manifest): void => {
  const packages = Object.keys({ ...dependencies, ...peerDependencies });
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: [
      ...new Set(entryPoints([bin, exports])),
      ...globSync("dist/runtimes/*/thread.js", { cwd: root }),
    ],
    outbase: "dist",
    outdir: "dist",
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    target: "es2024",
    external: ["node:*", "cloudflare:*", ...packages.flatMap((name) => [name, `${name}/*`])],
    allowOverwrite: true,
    write: false,
  });
  for (const file of globSync("dist/**/*.js", { cwd: root })) rmSync(join(root, file));
  for (const { path, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
};

rmSync(`${root}dist`, { recursive: true, force: true });
compile();
writeFileSync(`${root}dist/runtimes/engine/dashboard-files.js`, await dashboardModule());
bundle(JSON.parse(readFileSync(`${root}package.json`, "utf8")) as Manifest);
chmodSync(`${root}dist/bin/fairlead.js`, 0o755);
