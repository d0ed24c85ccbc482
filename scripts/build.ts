/** Builds what the npm package ships: `dist/` (JavaScript and types). */
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

rmSync(`${root}dist`, { recursive: true, force: true });
const compiler = ["-p", "tsconfig.build.json"];
const { status } = spawnSync(`${root}node_modules/.bin/tsc`, compiler, { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
chmodSync(`${root}dist/bin/fairlead.js`, 0o755);
