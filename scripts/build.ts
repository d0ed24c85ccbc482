/** Builds what the npm package ships: `dist/` (JavaScript and types) and `schema.json`. */
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

rmSync(`${root}dist`, { recursive: true, force: true });
execFileSync(`${root}node_modules/.bin/tsc`, ["-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
chmodSync(`${root}dist/bin/fairlead.js`, 0o755);

const { jsonSchema } = await import("../src/config/json-schema.ts");
writeFileSync(`${root}schema.json`, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
