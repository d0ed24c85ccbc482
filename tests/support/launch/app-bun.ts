import { readFileSync } from "node:fs";
import process from "node:process";
import { getConnInfo } from "hono/bun";
import * as library from "../../../runtimes/bun/entry.ts";
import { libraryApp } from "./app.ts";
import { announce, originIn } from "./app-origin.ts";
import { serveByBun } from "./web-servers.ts";

const app = libraryApp(library, originIn(readFileSync(process.argv[2] ?? "", "utf8")), getConnInfo);
announce(serveByBun((request, server) => app.fetch(request, server)));
