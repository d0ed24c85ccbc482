#!/usr/bin/env node
/** `fairlead` on Node. */
import process from "node:process";
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { main } from "../cli/main.ts";
import { serve } from "../runtimes/node/mod.ts";
import { commonHost, finish } from "./host.ts";

const code = await main({
  ...commonHost("node"),
  runtimeName: `Node ${process.versions.node}`,
  serve,
  serveDemo: (answer) =>
    new Promise((resolve, reject) => {
      const listener = getRequestListener(answer);
      const server = createServer((request, response) => void listener(request, response));
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve({
          port: typeof address === "object" && address !== null ? address.port : 0,
          close: async () => {
            server.close();
            server.closeAllConnections();
          },
        });
      });
    }),
});
await finish(code);
