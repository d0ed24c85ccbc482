#!/usr/bin/env node
/** The `fairlead` command, on Node, Deno and Bun. */
import module from "node:module";
import process from "node:process";

const { bun, deno, node } = process.versions;

/** Whether this Node can run what follows; `engines` in package.json says the same. */
const isTooOld = (): boolean => {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  return major < 22 || (major === 22 && minor < 18);
};

if (bun === undefined && deno === undefined && isTooOld()) {
  process.stderr.write(
    `error: Fairlead needs Node 22.18 or later, and this is Node ${node}\n  install a later one, or run it with Bun or Deno\n`,
  );
  process.exitCode = 1;
} else {
  // Compiled code is kept between starts: a third less time until the proxy listens.
  if (bun === undefined && deno === undefined) module.enableCompileCache();
  const { run } = await import("./run.ts");
  // In the package, `run.ts` is part of a larger file; this module is still a file that can be started again.
  await run(import.meta.url);
}
