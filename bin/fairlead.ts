#!/usr/bin/env node
/** The package's `fairlead` command: the launcher of whichever runtime this is. */
import process from "node:process";

const { bun, deno } = process.versions;

if (bun !== undefined) await import("./bun.ts");
else if (deno === undefined) await import("./node.ts");
else await import("./deno.ts");
