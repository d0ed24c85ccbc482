/** A signed cookie keeps a client at the endpoint that answered it first. */
import { expect } from "vitest";
import type { RawResponse } from "../support/raw-client.ts";
import { type Case, conformance, type Stage } from "../support/suite.ts";
import { nameOrigins, unavailable, whoAnswerAll } from "../support/who-answers.ts";

const TOKEN = /^server=([^;]+); Path=\/; HttpOnly; SameSite=Lax$/;

/** Value of the cookie that `response` sets; undefined where it sets none. */
const tokenOf = ({ fields }: RawResponse): string | undefined =>
  TOKEN.exec(fields.get("set-cookie") ?? "")?.[1];

/** An endpoint's number, and the cookie that a new client gets for it. */
const firstVisit = async (stage: Stage): Promise<{ origin: number; cookie: string }> => {
  const response = await stage.request("/");
  expect(response.status).toBe(200);
  const token = tokenOf(response);
  expect(token, "the cookie").toBeDefined();
  return { origin: Number(response.text), cookie: `Cookie: theme=dark; server=${token}` };
};

const cases: Case[] = [
  {
    title: "client that sends the cookie back stays at its endpoint, and gets no other cookie",
    run: async (stage) => {
      nameOrigins(stage);
      const { origin, cookie } = await firstVisit(stage);
      for (let i = 0; i < 9; i++) {
        const response = await stage.request("/", { fields: [cookie] });
        expect([response.text, response.fields.get("set-cookie")]).toEqual([String(origin), undefined]);
      }
    },
  },
  {
    title: "clients without the cookie are spread over the endpoints",
    run: async (stage) => {
      nameOrigins(stage);
      expect(new Set(await whoAnswerAll(stage, "/", 9))).toEqual(new Set([0, 1, 2]));
    },
  },
  {
    title: "cookie that was made up counts for nothing, and is replaced",
    run: async (stage) => {
      nameOrigins(stage);
      for (const made of ["0", "http://127.0.0.1", "A".repeat(43)]) {
        const response = await stage.request("/", { fields: [`Cookie: server=${made}`] });
        expect(response.status).toBe(200);
        expect(tokenOf(response)).not.toBe(made);
        expect(tokenOf(response)).toBeDefined();
      }
    },
  },
  {
    title: "client whose endpoint fails is answered by another, and stays there",
    run: async (stage) => {
      nameOrigins(stage);
      const { origin, cookie } = await firstVisit(stage);
      nameOrigins(stage, { [origin]: unavailable });
      const moved = await stage.request("/", { fields: [cookie] });
      expect(moved.status).toBe(200);
      expect(Number(moved.text)).not.toBe(origin);
      const fields = [`Cookie: server=${tokenOf(moved)}`];
      expect(new Set(await whoAnswerAll(stage, "/", 3, { fields }))).toEqual(new Set([Number(moved.text)]));
    },
  },
];

conformance("sticky cookie", {
  origins: 3,
  config: (urls) => ({
    upstreams: {
      app: {
        endpoints: urls,
        balance: { policy: "round-robin", sticky: { secret: "a secret of the tests", cookie: "server" } },
        breaker: false,
      },
    },
    routes: [{ upstream: "app" }],
  }),
  cases,
});
