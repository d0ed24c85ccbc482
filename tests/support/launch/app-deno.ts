import { readFileSync } from "node:fs";
import process from "node:process";
import { getConnInfo } from "hono/deno";
import { deno } from "../../../runtimes/deno/deno-types.ts";
import * as library from "../../../runtimes/deno/entry.ts";
import { libraryApp } from "./app.ts";
import { announce, originIn } from "./app-origin.ts";

const app = libraryApp(library, originIn(readFileSync(process.argv[2] ?? "", "utf8")), getConnInfo);
const { addr } = deno().serve(
  {
    port: 0,
    hostname: "127.0.0.1",
    signal: new AbortController().signal,
    automaticCompression: false,
    onListen() {},
    onError: (error) => new Response(String(error), { status: 500 }),
  },
  (request, info) => app.fetch(request, info),
);
announce(addr.port);
