/**
 * Writes dist/worker-config.json, which the Worker is bundled with: the project's config file as plain JSON, or a small
 * default where there is none. `${env:NAME}` stays as it is; the Worker looks it up in its bindings. What can't become
 * right by any binding ends the build.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { WORKERS_CAPABILITIES } from "../runtimes/workers/capabilities.ts";
import { readBundled } from "../src/config/bundled.ts";
import { ConfigError } from "../src/config/config-error.ts";

/** As it was named to Node: the project may be linked to from elsewhere. */
const root = dirname(dirname(process.argv[1] ?? fileURLToPath(import.meta.url)));

const DEFAULT = {
  routes: [{ respond: { body: "Fairlead runs. Write a fairlead.json and deploy again.\n" } }],
};

const access = {
  readText: (path: string) => readFile(path, "utf8"),
  importModule: () =>
    Promise.reject(
      new Error("it can't be bundled as data; write a Worker that imports it, as examples/worker.ts does"),
    ),
};

try {
  const file = await readBundled(root, access, { name: "workers", capabilities: WORKERS_CAPABILITIES });
  const target = join(root, "dist/worker-config.json");
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, `${JSON.stringify(file?.input ?? DEFAULT, null, 2)}\n`);
  process.stdout.write(`${file?.name ?? "no config file, so the default"} → ${target}\n`);
  for (const { name, place } of file?.variables ?? []) {
    const at = `${place?.source ?? ""}:${place?.line ?? 1}:${place?.column ?? 1}`;
    process.stdout.write(`${at}: ${name} has to be a variable or secret of the Worker\n`);
  }
} catch (thrown) {
  if (!(thrown instanceof ConfigError)) throw thrown;
  process.stderr.write(`error: ${thrown.report}`);
  process.exitCode = 2;
}
