import { describe, expect, test } from "vitest";
import { type RedactionOptions, redaction } from "../../../src/observe/redaction.ts";

const shown = (
  target: string,
  params: Readonly<Record<string, string>> = {},
  options: Partial<RedactionOptions> = {},
): string =>
  redaction({ query: [], params: ["*"], headers: [], ...options }).target({
    target,
    routedTarget: target,
    params,
  });

describe("redaction", () => {
  test.each([
    ["/a?token=s3cret&x=1", "/a?token=***&x=1"],
    ["/a?x=1&api_key=s3cret", "/a?x=1&api_key=***"],
    ["/a?%74oken=s3cret", "/a?%74oken=***"],
    ["/a?x=1;session=s3cret", "/a?x=1;session=***"],
    ["/a?next=%2Fb%3Ftoken%3Ds3cret", "/a?next=***"],
    ["/a?next=https://u:s3cret@b/", "/a?next=***"],
    ["/a?next=https%3A%2F%2Fu%3As3cret%40b%2F", "/a?next=***"],
    ["/a;jsessionid=s3cret/b", "/a;jsessionid=***/b"],
    ["/a?q=plain%zz", "/a?q=plain%zz"],
  ])("masks credentials by their name in %s", (target, expected) => {
    expect(shown(target)).toBe(expected);
  });

  test("masks the query parameters that are named, or all", () => {
    expect(shown("/a?email=x&y=1", {}, { query: ["email"] })).toBe("/a?email=***&y=1");
    expect(shown("/a?email=x&y=1", {}, { query: ["*"] })).toBe("/a?email=***&y=***");
  });

  test.each([
    ["/users/7/posts/77", { id: "7" }, "/users/:id/posts/77"],
    ["/users/hunter2/x-hunter2", { id: "hunter2" }, "/users/:id/x-:id"],
    ["/hunter2/hunter2", { id: "hunter2" }, "/:id/:id"],
    ["/7/7/7", { id: "7" }, "/:id/:id/:id"],
    ["/v7/x", { n: "7" }, "/v:n/x"],
    ["/files/a/b/c", { rest: "a/b/c" }, "/files/:rest"],
    ["/x/$&/y", { id: "$&" }, "/x/:id/y"],
  ])("puts names of path parameters in place of their values in %s", (target, params, expected) => {
    expect(shown(target, params)).toBe(expected);
  });

  test("shows path parameters that nobody wants masked, but for credentials", () => {
    expect(shown("/users/7/t0ken", { id: "7", token: "t0ken" }, { params: [] })).toBe("/users/7/:token");
  });

  test("masks what a refused target holds, of which no parameter is known", () => {
    const policy = redaction({ query: [], params: ["*"], headers: [] });
    const refused = (text: string): string =>
      policy.target({ target: text, routedTarget: undefined, params: {} });
    expect(refused("/a%zz?token=s3cret#token=s3cret")).toBe("/a%zz?token=***#token=***");
    expect(refused("http://u:s3cret@host/a")).toBe("http://***@host/a");
  });

  test("masks values of headers by their name", () => {
    const policy = redaction({ query: [], params: [], headers: ["x-person"] });
    expect(
      [
        ["x-person", "a"],
        ["x-api-key", "b"],
        ["x-tenant", "c"],
      ].map(([name = "", value = ""]) => policy.header(name, value)),
    ).toEqual(["***", "***", "c"]);
  });
});
