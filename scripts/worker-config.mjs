/**
 * Writes dist/worker-config.json, which the Worker is bundled with: the project's config file as plain JSON, or a small
 * default where there is none. `${env:NAME}` stays as it is; the Worker looks it up in its bindings.
 *
 * Plain JavaScript, since wrangler runs it with whichever Node is there.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse as parseJsonc, printParseErrorCode } from "jsonc-parser";
import { parse as parseYaml } from "yaml";

const root = new URL("../", import.meta.url);

/** Ends the build with one sentence. */
const refuse = (sentence) => {
  process.stderr.write(`error: ${sentence}\n`);
  process.exit(2);
};

const readJson = (text, name) => {
  const errors = [];
  const config = parseJsonc(text, errors, { allowTrailingComma: true });
  const [fault] = errors;
  if (fault === undefined) return config;
  const before = text.slice(0, fault.offset).split("\n");
  const place = `${name}:${before.length}:${(before.at(-1) ?? "").length + 1}`;
  return refuse(
    `${place}: this is not JSON (${printParseErrorCode(fault.error)}); "fairlead check" tells more`,
  );
};

const readYaml = (text, name) => {
  try {
    return parseYaml(text);
  } catch (thrown) {
    return refuse(`${name}: ${thrown.message.split("\n")[0]}; "fairlead check" tells more`);
  }
};

const READERS = {
  "fairlead.json": readJson,
  "fairlead.jsonc": readJson,
  "fairlead.yaml": readYaml,
  "fairlead.yml": readYaml,
};

const DEFAULT = {
  routes: [{ respond: { body: "Fairlead runs. Write a fairlead.json and deploy again.\n" } }],
};

const isThere = (name) => existsSync(new URL(name, root));

const found = Object.entries(READERS).find(([name]) => isThere(name));
const code = ["fairlead.ts", "fairlead.mjs", "fairlead.js"].find(isThere);
if (found === undefined && code !== undefined) {
  refuse(`${code} can't be bundled as data; write a Worker that imports it, as examples/worker.ts does`);
}
const config =
  found === undefined ? DEFAULT : found[1](readFileSync(new URL(found[0], root), "utf8"), found[0]);

mkdirSync(new URL("dist/", root), { recursive: true });
const target = new URL("dist/worker-config.json", root);
writeFileSync(target, `${JSON.stringify(config, null, 2)}\n`);
process.stdout.write(`${found?.[0] ?? "no config file, so the default"} → ${fileURLToPath(target)}\n`);
