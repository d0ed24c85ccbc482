/** Field values are bytes: what is above 0x7f crosses the proxy as it came, in every place (RFC 9110 §5.5). */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream } from "../support/suite.ts";

/** Every byte that a value may hold beyond ASCII; no valid UTF-8 as a whole. */
const HIGH = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => 128 + i));
const UTF8 = Buffer.from("å中", "utf8").toString("latin1");
const TEXTS = [
  ["UTF-8", UTF8],
  ["every byte above 0x7f", HIGH],
  ["a lone byte", "\xe5"],
] as const;

const sent =
  (text: string): Case["run"] =>
  async (stage) => {
    stage.origin.script((x) => x.send(`HTTP/1.1 200 OK\r\nX-Text: ${text}\r\nContent-Length: 0\r\n\r\n`));
    const { status, fields } = await stage.request("/", { fields: [`X-Text: ${text}`, `Cookie: a=${text}`] });
    expect(status).toBe(200);
    const { fields: received } = (await stage.origin.request()).head;
    expect([received.all("x-text"), received.all("cookie")]).toEqual([[text], [`a=${text}`]]);
    expect(fields.all("x-text")).toEqual([text]);
  };

const cases: Case[] = [
  ...TEXTS.map(([what, text]): Case => ({
    title: `${what} in field values crosses both ways as it came`,
    run: sent(text),
  })),
  ...TEXTS.map(([what, text]): Case => ({
    title: `${what} is copied by a header template as it came`,
    run: async (stage) => {
      const sentFields = [`X-Text: ${text}`, `Cookie: a=${text}`];
      expect((await stage.request("/copied", { fields: sentFields })).status).toBe(200);
      const { fields } = (await stage.origin.request()).head;
      expect([fields.all("x-copy"), fields.all("x-cookie")]).toEqual([[`<${text}>`], [text]]);
    },
  })),
  {
    title: "UTF-8 in a path template is escaped byte by byte",
    run: async (stage) => {
      await stage.request("/path", { fields: [`X-Text: ${Buffer.from("å", "utf8").toString("latin1")}`] });
      expect((await stage.origin.request()).head.target).toBe("/to/%C3%A5");
    },
  },
  {
    title: "lone byte in a path template is escaped as the byte that it is",
    run: async (stage) => {
      expect((await stage.request("/path", { fields: ["X-Text: \xe5"] })).status).toBe(200);
      expect((await stage.origin.request()).head.target).toBe("/to/%E5");
    },
  },
  {
    title: "value beyond ASCII is matched by its bytes",
    run: async (stage) => {
      expect((await stage.request("/matched", { fields: [`X-Text: ${UTF8}`] })).text).toBe("origin");
      expect((await stage.request("/matched", { fields: ["X-Text: \xe5"] })).status).toBe(404);
    },
  },
];

conformance("bytes above 0x7f", {
  config: oneUpstream({
    routes: [
      { match: { path: "/" }, upstream: "main" },
      {
        match: { path: "/copied" },
        upstream: "main",
        requestHeaders: { set: { "X-Copy": "<${header.x-text}>", "X-Cookie": "${cookie.a}" } },
      },
      { match: { path: "/path" }, upstream: "main", rewrite: { path: "/to/${header.x-text}" } },
      { match: { path: "/matched", headers: { "x-text": { regex: "^\\xc3\\xa5" } } }, upstream: "main" },
    ],
  }),
  cases,
});
