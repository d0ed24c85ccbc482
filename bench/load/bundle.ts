/** Fairlead in one file, made by esbuild from the sources: as a Worker, and for a script that imports the package. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Plugin, build } from "esbuild";
import type { ConfigInput } from "../../src/config/types.ts";
import type { ScriptRuntime } from "./contender.ts";
import { root } from "./programs.ts";

const entry = (config: ConfigInput): string => `
import { worker } from "./runtimes/workers/mod.ts";
export default worker(${JSON.stringify(config)});
`;

/** JavaScript of a Worker that serves `config`, minified. */
export const bundleWorker = async (config: ConfigInput): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents: entry(config), resolveDir: root, sourcefile: "worker.ts", loader: "ts" },
    bundle: true,
    format: "esm",
    target: "es2024",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    minify: true,
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
};

/** Size of the whole Worker, minified and gzipped. */
export const workerBundleBytes = async (): Promise<number> => {
  const config = { upstreams: { main: "https://example.com" }, routes: [{ upstream: "main" }] };
  return gzipSync(await bundleWorker(config), { level: 9 }).length;
};

type Conditions = { readonly [condition: string]: Conditions | string };

/** The file that `exports` of package.json gives for `conditions`; the first that matches, in its order. */
const exported = (
  target: Conditions | string | undefined,
  conditions: readonly string[],
): string | undefined => {
  if (target === undefined || typeof target === "string") return target;
  const condition = Object.keys(target).find((name) => name === "default" || conditions.includes(name));
  return condition === undefined ? undefined : exported(target[condition], conditions);
};

/** Resolves `fairlead` and `fairlead/…` to the sources of what package.json exports: nothing has to be built. */
const packageFromSources = (runtime: ScriptRuntime): Plugin => ({
  name: "fairlead-from-sources",
  setup: (context) => {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      exports: Conditions;
    };
    context.onResolve({ filter: /^fairlead(\/|$)/ }, ({ path }) => {
      const file = exported(exports[path.replace("fairlead", ".")], [runtime]);
      return file === undefined
        ? { errors: [{ text: `package.json does not export ${path}` }] }
        : { path: join(root, file.replace("./dist/", "").replace(/\.js$/, ".ts")) };
    });
  },
});

/** JavaScript of `script` with everything that it imports, for `runtime`. */
export const bundleScript = async (script: string, runtime: ScriptRuntime): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [script],
    bundle: true,
    format: "esm",
    target: "es2024",
    platform: "node",
    conditions: [runtime],
    external: ["node:*"],
    plugins: [packageFromSources(runtime)],
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
};
