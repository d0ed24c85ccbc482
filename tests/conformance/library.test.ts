/** The library in a Hono app that changes requests before they are proxied, or looks into them. */
import { expect } from "vitest";
import type { OriginExchange } from "../support/raw-origin.ts";
import { type Case, type Stage, conformance, oneUpstream, requestText } from "../support/suite.ts";

const CHUNKED = "Transfer-Encoding: chunked";
const chunked = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

/** Sends `text` and gives what the origin got of it; the client's answer is the origin's. */
const through = async (stage: Stage, text: string, method?: string): Promise<OriginExchange> => {
  const response = await stage.raw(text, method);
  expect([response.status, response.text]).toEqual([200, method === "HEAD" ? "" : "origin"]);
  return stage.origin.request();
};

const line = ({ head }: OriginExchange): string => `${head.method} ${head.target}`;

const cases: Case[] = [
  {
    title: "mounted gateway sees the path without its prefix",
    run: async (stage) => {
      expect(line(await through(stage, requestText("/mounted/v1/a?b=c")))).toBe("GET /v1/a?b=c");
    },
  },
  {
    title: "request without content stays one behind a mount",
    run: async (stage) => {
      const exchange = await through(stage, requestText("/mounted/v1/a", { method: "DELETE" }));
      expect([line(exchange), exchange.header("transfer-encoding")]).toEqual(["DELETE /v1/a", undefined]);
    },
  },
  {
    title: "method that the app overrode is the upstream's",
    run: async (stage) => {
      const fields = ["X-Method: DELETE"];
      const exchange = await through(stage, requestText("/overridden/a", { method: "POST", fields }));
      expect(line(exchange)).toBe("DELETE /overridden/a");
    },
  },
  {
    title: "content that the app made anew is sent without the length of the old one",
    run: async (stage) => {
      const exchange = await through(
        stage,
        requestText("/form/a", {
          method: "POST",
          fields: ["Content-Type: application/x-www-form-urlencoded"],
          body: "_method=PUT&name=value",
        }),
      );
      expect(line(exchange)).toBe("PUT /form/a");
      expect((await exchange.body()).toString()).toBe("name=value");
    },
  },
  {
    title: "content that the app gave to a request without any is sent",
    run: async (stage) => {
      const exchange = await through(stage, requestText("/asked-by-post/a"));
      expect(line(exchange)).toBe("POST /asked-by-post/a");
      expect((await exchange.body()).toString()).toBe('{"made":"here"}');
    },
  },
  {
    title: "field that the app took away does not go upstream, and its content does",
    run: async (stage) => {
      const parts = { method: "POST", fields: ["Cookie: secret=1", "X-Kept: 1"], body: "abc" };
      const exchange = await through(stage, requestText("/without-cookie/a", parts));
      expect([exchange.header("cookie"), exchange.header("x-kept")]).toEqual([undefined, "1"]);
      expect((await exchange.body()).toString()).toBe("abc");
    },
  },
  {
    title: "request with another URL goes there",
    run: async (stage) => {
      const exchange = await through(stage, requestText("/moved/a", { method: "PUT", body: "abc" }));
      expect(line(exchange)).toBe("PUT /elsewhere?from=moved");
      expect((await exchange.body()).toString()).toBe("abc");
    },
  },
  {
    title: "chunked body that the app counts on its way arrives whole",
    run: async (stage) => {
      const text = requestText("/limited/a", { method: "POST", fields: [CHUNKED] }) + chunked("small");
      expect((await (await through(stage, text)).body()).toString()).toBe("small");
    },
  },
  {
    title: "body that the app looked at in a copy arrives whole",
    run: async (stage) => {
      const sized = await through(stage, requestText("/peeked/a", { method: "POST", body: "looked at" }));
      expect((await sized.body()).toString()).toBe("looked at");
      expect([sized.header("content-length"), sized.header("transfer-encoding")]).toEqual(["9", undefined]);
      stage.origin.reset();
      const text = requestText("/peeked/a", { method: "POST", fields: [CHUNKED] }) + chunked("looked at");
      expect((await (await through(stage, text)).body()).toString()).toBe("looked at");
    },
  },
  {
    title: "body that the app read itself is not sent as an empty one",
    run: async (stage) => {
      const response = await stage.request("/read/a", { method: "POST", body: "abc" });
      expect(response.status).toBe(500);
      expect(stage.origin.seen).toEqual([]);
    },
  },
  {
    title: "changed body over the limit is answered with 413",
    run: async (stage) => {
      const fields = [CHUNKED, "Cookie: a=1"];
      const head = requestText("/without-cookie/a", { method: "POST", fields });
      const { client, exchange } = await stage.begun(head);
      // The client is still sending when the answer comes.
      void client.send(chunked("x".repeat(200_000)).slice(0, -5));
      expect((await client.response("POST")).status).toBe(413);
      await exchange.wire.ended();
    },
  },
  {
    title: "client that leaves ends the upstream request of a changed one",
    run: async (stage) => {
      stage.origin.script(() => new Promise(() => {}));
      const client = await stage.client();
      await client.send(requestText("/without-cookie/a", { fields: ["Cookie: a=1"] }));
      const exchange = await stage.origin.request();
      client.reset();
      await exchange.wire.ended();
    },
  },
  {
    title: "changed request still names its client",
    run: async (stage) => {
      const response = await stage.request("/without-cookie/a");
      expect(response.status).toBe(200);
      expect((await stage.origin.request()).header("x-forwarded-for")).toBe("127.0.0.1");
    },
  },
  {
    title: "request that validation cleaned or counted still names its client",
    run: async (stage) => {
      const fields = [CHUNKED, "x_odd: 1"];
      const text = requestText("/validated/a", {
        method: "POST",
        fields: stage.runtime === "workerd" ? ["CF-Connecting-IP: 127.0.0.1", ...fields] : fields,
      });
      const exchange = await through(stage, text + chunked("abc"));
      expect([exchange.header("x_odd"), exchange.header("x-forwarded-for")]).toEqual([
        undefined,
        "127.0.0.1",
      ]);
      expect((await exchange.body()).toString()).toBe("abc");
    },
  },
  {
    title: "request that the app changed behind Fairlead's middleware still names its client",
    run: async (stage) => {
      expect((await stage.request("/known/a")).status).toBe(200);
      const exchange = await stage.origin.request();
      expect([exchange.header("x-changed"), exchange.header("x-forwarded-for")]).toEqual(["1", "127.0.0.1"]);
    },
  },
  ...["waiting", "touched"].flatMap((way): Case[] => [
    ...[54, 60_000].flatMap((bytes): Case[] =>
      (["sized", "chunked"] as const).map((framing): Case => ({
        title: `${framing} upload of ${bytes} bytes in two pieces arrives whole behind middleware (${way})`,
        run: async (stage) => {
          const content = "x".repeat(bytes);
          const field = framing === "sized" ? `Content-Length: ${bytes}` : CHUNKED;
          const body = framing === "sized" ? content : chunked(content);
          const half = body.length >> 1;
          const client = await stage.client();
          await client.send(
            requestText(`/${way}/a`, { method: "POST", fields: [field] }) + body.slice(0, half),
          );
          await client.send(body.slice(half));
          expect((await client.response("POST")).status).toBe(200);
          expect((await (await stage.origin.request()).body()).length).toBe(bytes);
        },
      })),
    ),
    {
      title: `upload that its client breaks off is never completed behind middleware (${way})`,
      run: async (stage) => {
        const client = await stage.client();
        const head = requestText(`/${way}/broken`, { method: "POST", fields: [CHUNKED] });
        await client.send(`${head}36\r\n${"x".repeat(51)}`);
        client.close();
        // Waits as long as the other did, and began later.
        expect((await stage.request(`/${way}/after`)).status).toBe(200);
        for (const exchange of stage.origin.exchanges) {
          if (exchange.head.method === "POST") {
            await expect(exchange.body()).rejects.toThrow(/ended the connection/);
          }
        }
      },
    },
  ]),
  {
    title: "HEAD response to a chunked resource invents no length",
    run: async (stage) => {
      stage.origin.script((x) => x.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
      const response = await stage.request("/a", { method: "HEAD" });
      expect([response.status, response.fields.get("content-length")]).toEqual([200, undefined]);
    },
  },
];

conformance("library", { serves: "app", config: oneUpstream(), cases });
