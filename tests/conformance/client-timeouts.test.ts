/** Clients that are slow to begin, or idle, hold no connection for ever. */
import { expect } from "vitest";
import { conformance, oneUpstream, requestText } from "../support/suite.ts";

conformance("client header timeout", {
  config: oneUpstream({ listen: { timeouts: { header: "1s" } } }),
  cases: [
    {
      title: "client that sends its header section slowly is dropped",
      run: async (stage) => {
        const client = await stage.client();
        await client.send("GET / HTTP/1.1\r\nHost: example.test\r\nX-Slow: ");
        await client.closed();
        expect(client.wire.record.toString()).toMatch(/^(HTTP\/1\.1 408 |$)/);
        expect(stage.origin.seen).toEqual([]);
      },
    },
    {
      title: "slow request body is not mistaken for a slow header section",
      seenAt: ["traefik/traefik#12668"],
      run: async (stage) => {
        const client = await stage.client();
        await client.send(`${requestText("/", { method: "POST", fields: ["Content-Length: 2"] })}o`);
        await stage.origin.request();
        await new Promise((resolve) => setTimeout(resolve, 2_000));
        await client.send("k");
        expect((await client.response()).status).toBe(200);
      },
    },
  ],
});

conformance("client keep-alive timeout", {
  config: oneUpstream({ listen: { timeouts: { keepAlive: "1s" } } }),
  cases: [
    {
      title: "idle client connection is closed",
      run: async (stage) => {
        const client = await stage.client();
        await client.send(requestText("/"));
        expect((await client.response()).status).toBe(200);
        expect(await client.closed()).toBe("fin");
      },
    },
  ],
});
