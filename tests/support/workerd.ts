/** The Worker in a bare workerd, as `wrangler deploy` would bundle it. */
import { buildSync } from "esbuild";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const WORKERD: string = at("../../node_modules/.bin/workerd");

export interface WorkerdFiles {
  /** Where the bundle and workerd's own config go. */
  readonly directory: string;
  /** A Fairlead config as JSON. */
  readonly configFile: string;
  /** @default any free port */
  readonly port?: number;
  /** Text bindings: what `${env:NAME}` finds. */
  readonly env?: Readonly<Record<string, string>>;
  /** Module that is the Worker. @default the project's own */
  readonly entry?: string;
  /** Modules in place of packages. */
  readonly alias?: Readonly<Record<string, string>>;
}

/** The same date as in wrangler.toml. */
const COMPATIBILITY_DATE = "2026-10-01";

/** Bundles the Worker. */
const bundleWorker = (outfile: string, { configFile, entry, alias = {} }: WorkerdFiles): void => {
  buildSync({
    entryPoints: [entry ?? at("../../runtimes/workers/main.ts")],
    bundle: true,
    format: "esm",
    target: "esnext",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:workers"],
    alias: { "fairlead-config": configFile, ...alias },
    outfile,
    logLevel: "error",
  });
};

/**
 * Bundles and writes what workerd needs; returns the arguments to start it with. It prints
 * `{"event":"listen","socket":"http","port":…}` on standard output once it listens. Upstreams on loopback are allowed.
 */
export const prepareWorkerd = (options: WorkerdFiles): readonly string[] => {
  const { directory, port = 0, env = {} } = options;
  bundleWorker(join(directory, "worker.js"), options);
  const bindings = Object.entries(env).map(
    ([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`,
  );
  const file = join(directory, "workerd.capnp");
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [${bindings.join(", ")}],
);
`,
  );
  return ["serve", file, "--control-fd=1"];
};
