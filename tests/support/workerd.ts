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
  /** Stands in for Cloudflare's edge: `request.cf` is the JSON in this field, and each request to a second socket, `cron`, is
   * a cron trigger. @default there is no edge
   */
  readonly edgeField?: string;
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
  const { directory, port = 0, env = {}, edgeField } = options;
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
    (name = "main", worker = .main),${edgeField === undefined ? "" : CRON_SERVICE}
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [${socketsOf(port, edgeField)}],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [${bindings.join(", ")}],
);
`,
  );
  const experimental = edgeField === undefined ? [] : ["--experimental"];
  return ["serve", file, "--control-fd=1", ...experimental];
};

const socketsOf = (port: number, edgeField: string | undefined): string => {
  const address = `address = "127.0.0.1:${port}"`;
  if (edgeField === undefined) return `(name = "http", ${address}, http = (), service = "main")`;
  const http = `http = (cfBlobHeader = ${JSON.stringify(edgeField)})`;
  return `(name = "http", ${address}, ${http}, service = "main"),
    (name = "cron", address = "127.0.0.1:0", http = (), service = "cron")`;
};

/** Miniflare triggers Workers in the same way. */
const CRON_SERVICE = `
    (name = "cron", worker = (
      modules = [(name = "cron.js", esModule = "export default { fetch: async (_, env) => Response.json(await env.MAIN.scheduled({ cron: '* * * * *' })) }")],
      compatibilityDate = "${COMPATIBILITY_DATE}",
      compatibilityFlags = ["service_binding_extra_handlers"],
      bindings = [(name = "MAIN", service = "main")],
    )),`;
