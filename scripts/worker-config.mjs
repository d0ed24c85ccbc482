/**
 * Writes dist/worker-config.json, which the Worker is bundled with: the project's config file as plain JSON, or a small
 * default where there is none. `${env:NAME}` stays as it is; the Worker looks it up in its bindings.
 *
 * Plain JavaScript, since wrangler runs it with whichever Node is there.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse as parseJsonc } from "jsonc-parser";
import { parse as parseYaml } from "yaml";

const root = new URL("../", import.meta.url);

const READERS = {
  "fairlead.json": JSON.parse,
  "fairlead.jsonc": (text) => parseJsonc(text),
  "fairlead.yaml": parseYaml,
  "fairlead.yml": parseYaml,
};

const DEFAULT = {
  routes: [{ respond: { body: "Fairlead runs. Write a fairlead.json and deploy again.\n" } }],
};

const found = Object.entries(READERS).find(([name]) => existsSync(new URL(name, root)));
const config = found === undefined ? DEFAULT : found[1](readFileSync(new URL(found[0], root), "utf8"));

mkdirSync(new URL("dist/", root), { recursive: true });
const target = new URL("dist/worker-config.json", root);
writeFileSync(target, `${JSON.stringify(config, null, 2)}\n`);
process.stdout.write(`${found?.[0] ?? "no config file, so the default"} → ${fileURLToPath(target)}\n`);
