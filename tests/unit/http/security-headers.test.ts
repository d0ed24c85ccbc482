import { describe, expect, it } from "vitest";
import { editHeaders } from "../../../src/http/header-edits.ts";
import { type SecurityHeadersOptions, securityHeaderEdits } from "../../../src/http/security-headers.ts";
import { observatory } from "./observatory.ts";

const OPTIONS: SecurityHeadersOptions = {
  preset: "default",
  headers: {},
  override: false,
  remove: ["server", "x-powered-by"],
};

const answer = (
  options: Partial<SecurityHeadersOptions>,
  scheme: "http" | "https" = "https",
  upstream: Record<string, string> = { "content-type": "text/html" },
): Headers => {
  const headers = new Headers(upstream);
  editHeaders(headers, securityHeaderEdits({ ...OPTIONS, ...options })[scheme]);
  return headers;
};

describe("the observatory's rules as told here", () => {
  it.each([
    ["an answer without any header", {}, 30, "D"],
    [
      "inline scripts",
      {
        "content-security-policy": "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
        "strict-transport-security": "max-age=63072000",
        "x-content-type-options": "nosniff",
      },
      80,
      "B+",
    ],
    [
      "a short HSTS",
      {
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "strict-transport-security": "max-age=86400",
        "x-content-type-options": "nosniff",
      },
      105,
      "A+",
    ],
  ])("grade %s", (_, headers, score, grade) => {
    expect(observatory(new Headers(headers))).toMatchObject({ score, grade });
  });
});

describe("strict preset", () => {
  it("gets an A+ from the observatory", () => {
    const { score, grade, modifiers } = observatory(answer({ preset: "strict" }));
    expect(grade).toBe("A+");
    expect(score).toBeGreaterThanOrEqual(100);
    expect(Object.values(modifiers).filter((modifier) => modifier < 0)).toEqual([]);
  });

  it("sends HSTS to https clients only", () => {
    expect(answer({ preset: "strict" }, "https").has("strict-transport-security")).toBe(true);
    expect(answer({ preset: "strict" }, "http").has("strict-transport-security")).toBe(false);
    expect(
      answer({ headers: { "strict-transport-security": "max-age=1" } }, "http").has(
        "strict-transport-security",
      ),
    ).toBe(false);
  });
});

describe("default preset", () => {
  it("forbids nothing that a page may rely on", () => {
    const headers = answer({});
    for (const name of [
      "content-security-policy",
      "x-frame-options",
      "cross-origin-opener-policy",
      "cross-origin-resource-policy",
      "cross-origin-embedder-policy",
      "permissions-policy",
      "strict-transport-security",
    ]) {
      expect(headers.has(name)).toBe(false);
    }
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("strict-origin-when-cross-origin");
  });

  it("is one object for both schemes", () => {
    const edits = securityHeaderEdits(OPTIONS);
    expect(edits.http).toBe(edits.https);
  });
});

describe("securityHeaderEdits", () => {
  const upstream = {
    server: "nginx",
    "x-powered-by": "PHP",
    "x-frame-options": "SAMEORIGIN",
    "x-other": "1",
  };

  it("takes out what tells of the server", () => {
    const headers = answer({}, "https", upstream);
    expect(headers.has("server")).toBe(false);
    expect(headers.has("x-powered-by")).toBe(false);
    expect(headers.get("x-other")).toBe("1");
    expect(answer({ remove: [] }, "https", upstream).get("server")).toBe("nginx");
  });

  it("never overrides what the upstream set", () => {
    expect(answer({ preset: "strict" }, "https", upstream).get("x-frame-options")).toBe("SAMEORIGIN");
  });

  it("overrides when told", () => {
    expect(answer({ preset: "strict", override: true }, "https", upstream).get("x-frame-options")).toBe(
      "DENY",
    );
  });

  it("takes every value from the options, and leaves out what they say", () => {
    const headers = answer({
      preset: "strict",
      headers: { "content-security-policy": "default-src 'none'", "x-frame-options": false, "x-own": "1" },
    });
    expect(headers.get("content-security-policy")).toBe("default-src 'none'");
    expect(headers.has("x-frame-options")).toBe(false);
    expect(headers.get("x-own")).toBe("1");
  });

  it("leaves alone what the upstream set where the options leave a header out", () => {
    const headers = answer(
      { preset: "strict", override: true, headers: { "x-frame-options": false } },
      "https",
      upstream,
    );
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
  });
});
