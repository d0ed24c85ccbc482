/** Slow clients cost little and take nothing from others. */
import { expect } from "vitest";
import { Gate } from "../support/bound.ts";
import { type Case, conformance, oneUpstream, requestText } from "../support/suite.ts";

const CHUNKED = "Transfer-Encoding: chunked";
const SLOW = 300;
/** A cap of connections to an endpoint that holds slow clients and others alike would show here. */
const OTHERS = 20;

const tiny: Case[] = [
  {
    title: "uploads in chunks of one byte, many at once, arrive whole",
    run: async (stage) => {
      const content = "0123456789".repeat(1_000);
      const chunks = content.replaceAll(/./g, "1\r\n$&\r\n");
      const upload = `${requestText("/", { method: "POST", fields: [CHUNKED] })}${chunks}0\r\n\r\n`;
      stage.origin.script(async (x) => x.respond(200, {}, await x.body()));
      const answers = await Promise.all(Array.from({ length: 20 }, () => stage.raw(upload, "POST")));
      for (const { text } of answers) expect(text).toBe(content);
    },
  },
  ...[
    { kind: "sized", text: requestText("/", { method: "POST", body: "0123456789".repeat(50) }) },
    {
      kind: "chunked",
      text: `${requestText("/", { method: "POST", fields: [CHUNKED] })}1f4\r\n${"0123456789".repeat(50)}\r\n0\r\n\r\n`,
    },
  ].map(({ kind, text }): Case => ({
    title: `${kind} upload that is sent byte by byte arrives whole`,
    run: async (stage) => {
      stage.origin.script(async (x) => x.respond(200, {}, await x.body()));
      const client = await stage.client();
      await client.sendBytewise(text);
      expect((await client.response("POST")).text).toBe("0123456789".repeat(50));
    },
  })),
  {
    title: "response that the origin sends in chunks of one byte arrives whole",
    run: async (stage) => {
      const content = "0123456789".repeat(500);
      stage.origin.script((x) =>
        x.send(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n${content.replaceAll(/./g, "1\r\n$&\r\n")}0\r\n\r\n`),
      );
      expect((await stage.request("/")).text).toBe(content);
    },
  },
];

const many: Case[] = [
  {
    title: `${SLOW} uploads that have not ended take the origin from nobody`,
    run: async (stage) => {
      const head = requestText("/slow", { method: "POST", fields: ["Content-Length: 3"] });
      const clients = await Promise.all(Array.from({ length: SLOW }, () => stage.client()));
      for (const client of clients) void client.send(`${head}a`);
      await stage.origin.request(SLOW - 1);
      const others = await Promise.all(Array.from({ length: OTHERS }, () => stage.request("/other")));
      expect(others.map(({ status }) => status)).toEqual(others.map(() => 200));
      for (const byte of "bc") for (const client of clients) void client.send(byte);
      const answers = await Promise.all(clients.map((client) => client.response("POST")));
      expect(answers.filter(({ status }) => status === 200).length).toBe(SLOW);
    },
  },
  {
    title: `${SLOW} responses that have not ended take the origin from nobody`,
    run: async (stage) => {
      const end = new Gate();
      stage.origin.script(async (x) => {
        if (x.head.target === "/other") return x.respond(200, {}, "other");
        await x.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf,");
        await end.opened;
        return x.send("other");
      });
      const clients = await Promise.all(Array.from({ length: SLOW }, () => stage.client()));
      for (const client of clients) void client.send(requestText("/slow"));
      await stage.origin.request(SLOW - 1);
      const others = await Promise.all(Array.from({ length: OTHERS }, () => stage.request("/other")));
      expect(others.map(({ text }) => text)).toEqual(others.map(() => "other"));
      end.open();
      const answers = await Promise.all(clients.map((client) => client.response()));
      expect(answers.filter(({ text }) => text === "half,other").length).toBe(SLOW);
    },
  },
];

conformance("slow clients", { config: oneUpstream(), cases: [...tiny, ...many] });
