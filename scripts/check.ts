/** Runs every static check, all of them even when one fails, and says at the end which did. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const CHECKS = ["typecheck", "lint", "format:check", "knip", "build", "publint", "attw", "jsr", "worker"];

const failed = CHECKS.filter((name) => {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", name], {
    cwd: root,
    encoding: "utf8",
    // What the checks print is shown only when they fail.
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", WRANGLER_SEND_METRICS: "false" },
  });
  const passed = status === 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${passed ? "ok  " : "FAIL"}  ${name.padEnd(14)} ${seconds} s\n`);
  if (!passed) process.stdout.write(`${stdout}${stderr}\n`);
  return !passed;
});

process.stdout.write(`checks: ${CHECKS.length - failed.length} passed, ${failed.length} failed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
