import { readFileSync } from "node:fs";
import process from "node:process";
import { getConnInfo } from "hono/deno";
import * as library from "../../../runtimes/deno/entry.ts";
import { libraryApp } from "./app.ts";
import { announce, originIn } from "./app-origin.ts";
import { serveByDeno } from "./web-servers.ts";

const app = libraryApp(library, originIn(readFileSync(process.argv[2] ?? "", "utf8")), getConnInfo);
announce(serveByDeno((request, info) => app.fetch(request, info)));
