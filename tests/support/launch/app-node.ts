import { readFileSync } from "node:fs";
import process from "node:process";
import { serve } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import * as library from "../../../runtimes/node/entry.ts";
import { libraryApp } from "./app.ts";
import { announce, originIn } from "./app-origin.ts";

const app = libraryApp(library, originIn(readFileSync(process.argv[2] ?? "", "utf8")), getConnInfo);
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => announce(port));
