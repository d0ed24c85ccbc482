/** `listen.limits.minRate`: slow clients are cut, and those that others hold up are not. */
import { expect } from "vitest";
import { Gate } from "../support/bound.ts";
import { conformance, oneUpstream, requestText } from "../support/suite.ts";

const MIB = 1024 * 1024;
/** Ten seconds' worth are more than the held upload has, so that it can't be at the rate. */
const RATE = "2MiB";
const FAST_BYTES = 24 * MIB;
/** More than lies in the buffers between the proxy and an origin that does not read. */
const HELD_BYTES = 16 * MIB;
/** Ten seconds, and what a busy machine takes. */
const CUT_BOUND_MS = 20_000;

const upload = (target: string, bytes: number): string =>
  requestText(target, { method: "POST", fields: [`Content-Length: ${bytes}`] });

conformance("least rate of clients", {
  config: oneUpstream({ listen: { limits: { minRate: RATE } } }),
  cases: [
    {
      // In one case, as each takes ten seconds.
      title: "slow upload is answered 408; one above the rate and one that the upstream holds up complete",
      run: async (stage) => {
        const reads = new Gate();
        stage.origin.script(async (exchange) => {
          if (exchange.head.target === "/held") await reads.opened;
          const body = exchange.body();
          if (exchange.head.target === "/slow") return void body.catch(() => {});
          await body;
          return exchange.respond(200);
        });
        const held = await stage.begun(upload("/held", HELD_BYTES));
        void held.client.send(Buffer.alloc(HELD_BYTES));
        const fast = await stage.begun(upload("/fast", FAST_BYTES + 1));
        void fast.client.send(Buffer.alloc(FAST_BYTES));
        await fast.exchange.bodyReceived(FAST_BYTES);

        const slow = await stage.begun(upload("/slow", 100));
        await slow.client.send("a few bytes");
        const answer = await slow.client.response("POST", CUT_BOUND_MS);
        expect([answer.status, answer.fields.get("connection")]).toEqual([408, "close"]);
        expect(await slow.client.closed()).toBe("fin");

        await fast.client.send("!");
        expect((await fast.client.response("POST")).status).toBe(200);
        reads.open();
        expect((await held.client.response("POST")).status).toBe(200);
      },
    },
  ],
});
