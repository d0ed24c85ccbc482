/** Origins behind Unix domain sockets are origins like others. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { conformance } from "../support/suite.ts";

let directory = "";
let server: Server | undefined;
const socketPath = (): string => join(directory, "origin.sock");

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-unix-"));
  const listening = createServer((request, response) => {
    response.end(`${request.headers.host} ${request.url}`);
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(socketPath(), resolve));
});

afterAll(async () => {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  rmSync(directory, { recursive: true, force: true });
});

conformance("unix sockets", {
  config: () => ({ upstreams: { main: `unix:${socketPath()}` }, routes: [{ upstream: "main" }] }),
  cases: [
    {
      title: "origin behind a socket gets the target in origin form",
      run: async (stage) => {
        expect((await stage.request("/a?b=c")).text).toBe("localhost /a?b=c");
      },
    },
  ],
});
