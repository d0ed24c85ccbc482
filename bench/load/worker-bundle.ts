/** Fairlead's Worker in one file, as wrangler would bundle it. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { ConfigInput } from "../../src/config/types.ts";
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
