/** Health checks that open a connection, of a server that is gone, comes and goes. */
import { expect } from "vitest";
import { freePort } from "../support/free-port.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { conformance } from "../support/suite.ts";
import { askUntil } from "../support/who-answers.ts";

/** One for each runtime: their suites may run at the same time. */
const ports: Record<string, number> = {};
for (const runtime of ["node", "deno", "bun", "workerd"]) ports[runtime] = await freePort();

conformance("tcp checks", {
  config: ([first], runtime) => ({
    upstreams: {
      app: {
        endpoints: [first, `http://127.0.0.1:${ports[runtime]}`],
        balance: "round-robin",
        health: { check: "tcp", interval: "100ms", fastInterval: "50ms", failures: 1, successes: 1 },
        breaker: false,
        ejection: false,
        retry: false,
        slowStart: "0s",
      },
    },
    routes: [{ upstream: "app" }],
  }),
  cases: [
    {
      title: "endpoint is used exactly while connections to it can be made",
      run: async (stage) => {
        const ask = async (): Promise<string> => {
          const { status, text } = await stage.request("/");
          return status === 200 ? text : String(status);
        };
        const onlyFirst = (answers: readonly string[]): boolean => answers.every((text) => text === "origin");
        await askUntil(ask, 6, onlyFirst);
        const second = await RawOrigin.start("127.0.0.1", ports[stage.runtime]);
        try {
          second.script((exchange) => exchange.respond(200, {}, "second"));
          await askUntil(ask, 6, (answers) => answers.filter((text) => text === "second").length === 3);
          // Checks are connections without a request.
          expect(second.connections).toBeGreaterThan(1);
          expect(second.seen.every((line) => line === "GET /")).toBe(true);
        } finally {
          await second.stop();
        }
        await askUntil(ask, 6, onlyFirst);
      },
    },
  ],
});
