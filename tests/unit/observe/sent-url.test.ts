import { expect, test } from "vitest";
import { redaction } from "../../../src/observe/redaction.ts";
import { sentUrl } from "../../../src/observe/sent-url.ts";

const SHOWN = redaction({ query: [], params: ["*"], headers: [] });

const urlOf = (asked: string, sent: string, params: Readonly<Record<string, string>> = {}): string =>
  sentUrl(
    { endpoint: { origin: "https://10.0.0.1:8443" }, exchange: { target: asked, params }, target: sent },
    SHOWN,
  );

test.each([
  [
    "as it came",
    "/users/hunter2?token=s3cret&x=1",
    "/users/hunter2?token=s3cret&x=1",
    "/users/:id?token=***&x=1",
  ],
  ["behind a base path", "/users/hunter2?x=1", "/c0nfig/users/hunter2?x=1", "/***/users/:id?x=1"],
  ["without a prefix", "/api/users/hunter2", "/users/hunter2", "/users/:id"],
  ["with another prefix", "/api/users/hunter2", "/c0nfig/users/hunter2", "/***/users/:id"],
  ["rewritten", "/users/hunter2?x=1", "/c0nfig?id=hunter2", "/***"],
  ["with another query", "/users/hunter2?x=1", "/users/hunter2?key=c0nfig", "/***"],
  ["into a query", "/users/hunter2", "/c0nfig?next=/users/hunter2", "/***"],
  ["out of a query", "/a?token=/s3cret", "/s3cret", "/***"],
  ["half of a segment", "/users/hunter2", "/c0nfig-hunter2", "/***"],
])("URL of an attempt %s holds no secret of request or config", (_, asked, sent, path) => {
  expect(urlOf(asked, sent, { id: "hunter2" })).toBe(`https://10.0.0.1:8443${path}`);
});

test("URL of an attempt does not show what is left of a parameter", () => {
  expect(urlOf("/files/a/hunter2", "/hunter2", { rest: "a/hunter2" })).toBe("https://10.0.0.1:8443/***");
});
