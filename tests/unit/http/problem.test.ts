import { describe, expect, it } from "vitest";
import { negotiate } from "../../../src/http/accept.ts";
import { renderProblem } from "../../../src/http/problem.ts";

const problem = {
  status: 502,
  code: "connect-failed",
  title: "Upstream could not be reached",
  requestId: "abc",
};

describe("negotiate", () => {
  const offered = ["application/json", "text/plain", "text/html"] as const;
  it.each([
    [undefined, "application/json"],
    ["", "application/json"],
    ["*/*", "application/json"],
    ["text/html", "text/html"],
    ["TEXT/HTML", "text/html"],
    ["text/html, application/json", "application/json"],
    ["text/html, application/json;q=0.9", "text/html"],
    ["text/*", "text/plain"],
    ["text/*, text/plain;q=0.1", "text/html"],
    ["text/html;q=0, */*", "application/json"],
    ["text/html;q=0, text/*;q=0.5", "text/plain"],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"],
    ["*/*;q=0.1, text/plain;Q=0.2", "text/plain"],
    ["text/html;level=1;q=0.4, text/plain;q=0.3", "text/html"],
    ["text/html;q=nonsense", "text/html"],
    ["*/*;q=0", undefined],
    ["image/png", undefined],
    [",;,q=1", undefined],
  ])("likes best for %j: %s", (accept, type) => {
    expect(negotiate(accept, offered)).toBe(type);
  });
});

describe("renderProblem", () => {
  it("answers with problem details by default (RFC 9457)", () => {
    const { contentType, body } = renderProblem(problem, undefined);
    expect(contentType).toBe("application/problem+json");
    expect(JSON.parse(body)).toEqual(problem);
  });

  it.each(["application/json", "application/problem+json", "image/png", "*/*;q=0"])(
    "answers %s with JSON",
    (accept) => {
      expect(renderProblem(problem, accept).contentType).toBe("application/problem+json");
    },
  );

  it("leaves an unknown request id out", () => {
    const { body } = renderProblem({ ...problem, requestId: undefined }, undefined);
    expect(Object.keys(JSON.parse(body) as object)).toEqual(["status", "title", "code"]);
    expect(renderProblem({ ...problem, requestId: undefined }, "text/plain").body).not.toContain(
      "request id",
    );
    expect(renderProblem({ ...problem, requestId: undefined }, "text/html").body).not.toContain("Request id");
  });

  it("answers with text", () => {
    expect(renderProblem(problem, "text/plain")).toEqual({
      contentType: "text/plain; charset=utf-8",
      body: "502 Upstream could not be reached (connect-failed)\nrequest id: abc\n",
    });
  });

  it("escapes whatever goes into HTML", () => {
    const { contentType, body } = renderProblem(
      { status: 400, code: `<c>`, title: `<script>alert("1")</script>`, requestId: `'&<img>` },
      "text/html",
    );
    expect(contentType).toBe("text/html; charset=utf-8");
    expect(body).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    expect(body).toContain("&#39;&amp;&lt;img&gt;");
    expect(body).not.toMatch(/<(script|img|c)>/);
  });
});
