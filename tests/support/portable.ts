/** `examples/portable.ts` as its users run it, with the sources in place of the installed package. */
import { buildSync } from "esbuild";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Name of the bundle that launchers import, beside the config file. */
export const PORTABLE_BUNDLE = "portable.mjs";

/** The module that `fairlead` stands for on a runtime. */
export const libraryOf = (runtime: "node" | "deno" | "bun" | "workers"): string =>
  at(`../../runtimes/${runtime}/entry.ts`);

export const bundlePortable = (runtime: "node" | "deno" | "bun", directory: string): void => {
  buildSync({
    entryPoints: [at("../../examples/portable.ts")],
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: [runtime],
    alias: { fairlead: libraryOf(runtime) },
    outfile: join(directory, PORTABLE_BUNDLE),
    logLevel: "error",
  });
};
