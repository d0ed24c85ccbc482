/** Fairlead's Worker in one file, as wrangler would bundle it. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "./programs.ts";

/** JavaScript of `entry`, a module text that may import from the repository by relative paths. */
export const bundleWorker = async (entry: string): Promise<string> => {
  const result = await build({
    stdin: { contents: entry, resolveDir: root, sourcefile: "worker.ts", loader: "ts" },
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
  return result.outputFiles[0]?.text ?? "";
};

/** The Worker that a user deploys, minified and gzipped. Undefined when it can't be built. */
export const workerBundleBytes = async (): Promise<number | undefined> => {
  try {
    return gzipSync(await bundleWorker(`export { default } from "./bin/worker.ts";`), { level: 9 }).length;
  } catch {
    return undefined;
  }
};
