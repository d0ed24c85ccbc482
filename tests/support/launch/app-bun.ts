import { readFileSync } from "node:fs";
import process from "node:process";
import { getConnInfo } from "hono/bun";
import { bun } from "../../../runtimes/bun/bun-types.ts";
import * as library from "../../../runtimes/bun/entry.ts";
import { libraryApp } from "./app.ts";
import { announce, originIn } from "./app-origin.ts";

const app = libraryApp(library, originIn(readFileSync(process.argv[2] ?? "", "utf8")), getConnInfo);
const { port } = bun().serve({
  fetch: (request, server) => app.fetch(request, server),
  error: (error) => new Response(String(error), { status: 500 }),
  port: 0,
  hostname: "127.0.0.1",
  development: false,
  idleTimeout: 10,
  maxRequestBodySize: 1_000_000,
});
announce(port);
