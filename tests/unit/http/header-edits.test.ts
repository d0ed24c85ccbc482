import { describe, expect, it } from "vitest";
import {
  type HeaderEdits,
  NO_EDITS,
  editHeaders,
  editPairs,
  editRecord,
  mergeEdits,
  withoutNames,
} from "../../../src/http/header-edits.ts";

const edits = (parts: Partial<Omit<HeaderEdits, "drop">> & { drop?: readonly string[] }): HeaderEdits => ({
  fallback: parts.fallback ?? [],
  add: parts.add ?? [],
  drop: new Set(parts.drop),
});

/** Milliseconds that dropping `count` nominated names from as many fields takes, at best. */
const dropping = (count: number): number => {
  const names = Array.from({ length: count }, (_, i) => `x-${i}`);
  const pairs = names.flatMap((_, i) => [`y-${i}`, "1"]);
  const times = Array.from({ length: 20 }, () => {
    const startedAt = performance.now();
    editPairs(pairs, NO_EDITS, names);
    return performance.now() - startedAt;
  });
  return Math.min(...times);
};

describe("editPairs", () => {
  it("takes time by the number of names that Connection nominates, not by its square", () => {
    dropping(1_000);
    expect(dropping(8_000) / dropping(1_000)).toBeLessThan(30);
  });

  it("drops names in any case and keeps the others as they were written", () => {
    const pairs = ["Server", "x", "X-Kept", "1", "SERVER", "y"];
    expect(editPairs(pairs, edits({ drop: ["server"] }))).toEqual(["X-Kept", "1"]);
  });

  it("adds behind what is there, duplicates included", () => {
    const result = editPairs(["a", "1"], edits({ add: ["a", "2", "b", "3"] }));
    expect(result).toEqual(["a", "1", "a", "2", "b", "3"]);
  });

  it("falls back only where the name is absent after dropping", () => {
    const result = editPairs(
      ["A", "1", "B", "2"],
      edits({ drop: ["b"], fallback: ["a", "x", "b", "y", "c", "z"] }),
    );
    expect(result).toEqual(["A", "1", "b", "y", "c", "z"]);
  });

  it("takes out names that are known only with the message", () => {
    expect(editPairs(["X-Hop", "1", "y", "2"], NO_EDITS, ["x-hop"])).toEqual(["y", "2"]);
  });

  it("leaves its input alone", () => {
    const pairs = Object.freeze(["a", "1"]);
    const fallback = Object.freeze(["a", "2", "b", "3"]);
    editPairs(pairs, { drop: new Set(), fallback, add: [] });
    expect(fallback).toEqual(["a", "2", "b", "3"]);
  });
});

describe("editHeaders", () => {
  it("keeps Set-Cookie fields apart", () => {
    const headers = new Headers();
    headers.append("set-cookie", "a=1");
    editHeaders(
      headers,
      edits({ add: ["set-cookie", "b=2; Expires=Wed, 01 Jan 2031 00:00:00 GMT", "x", "y"] }),
    );
    expect(headers.getSetCookie()).toEqual(["a=1", "b=2; Expires=Wed, 01 Jan 2031 00:00:00 GMT"]);
    expect(headers.get("x")).toBe("y");
  });

  it("drops, falls back and adds as editPairs does", () => {
    const headers = new Headers({ server: "x", "x-frame-options": "DENY" });
    editHeaders(
      headers,
      edits({
        drop: ["server"],
        fallback: ["x-frame-options", "SAMEORIGIN", "server", "s"],
        add: ["a", "b"],
      }),
      ["x-none"],
    );
    expect([...headers]).toEqual([
      ["a", "b"],
      ["server", "s"],
      ["x-frame-options", "DENY"],
    ]);
  });

  it("adds every value of a fallback with several", () => {
    const headers = new Headers();
    editHeaders(headers, edits({ fallback: ["link", "<a>", "link", "<b>"] }));
    expect(headers.get("link")).toBe("<a>, <b>");
  });
});

describe("editRecord", () => {
  it("applies edits and turns repeated names into lists", () => {
    const result = editRecord(
      { server: "x", "set-cookie": ["a=1", "b=2"], vary: "accept", gone: undefined },
      edits({ drop: ["server"], fallback: ["vary", "no"], add: ["set-cookie", "c=3", "vary", "origin"] }),
      ["x"],
    );
    expect(result).toEqual({ "set-cookie": ["a=1", "b=2", "c=3"], vary: ["accept", "origin"] });
  });

  it("leaves lists of its input alone", () => {
    const cookies = Object.freeze(["a=1"]);
    editRecord({ "set-cookie": cookies }, edits({ add: ["set-cookie", "b=2"] }));
    expect(cookies).toEqual(["a=1"]);
  });

  it("lets no field become a prototype", () => {
    const input = JSON.parse('{"__proto__": ["a"], "b": "1"}') as Record<string, string>;
    const result = editRecord(input, edits({ add: ["__proto__", "x"], fallback: ["__proto__", "y"] }));
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(result).toEqual({ b: "1" });
  });
});

describe("mergeEdits", () => {
  it("gives back the other side of nothing", () => {
    const some = edits({ add: ["a", "1"] });
    expect(mergeEdits(NO_EDITS, some)).toBe(some);
    expect(mergeEdits(some, NO_EDITS)).toBe(some);
  });

  it("lets the later edits replace what the earlier add or fall back to", () => {
    const merged = mergeEdits(
      edits({ add: ["a", "1"], fallback: ["b", "1"] }),
      edits({ drop: ["a", "b"], add: ["a", "2"] }),
    );
    expect(editPairs([], merged)).toEqual(["a", "2"]);
  });

  it("lets later fallbacks give way to what is added before", () => {
    const merged = mergeEdits(edits({ add: ["a", "1"] }), edits({ fallback: ["a", "2"] }));
    expect(editPairs([], merged)).toEqual(["a", "1"]);
  });
});

describe("withoutNames", () => {
  it("keeps what is not named", () => {
    expect(withoutNames(["a", "1", "b", "2"], new Set(["a"]))).toEqual(["b", "2"]);
  });
});
