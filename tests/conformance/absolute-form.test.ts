/** A target in absolute form names what is asked for, and proves nothing about how (RFC 9112 §3.2.2, RFC 9110 §4.2). */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream } from "../support/suite.ts";

const cases: Case[] = [
  ...["http", "https", "HTTPS"].map((scheme): Case => ({
    title: `scheme of a ${scheme} target is not believed`,
    run: async (stage) => {
      expect((await stage.request(`${scheme}://example.test/x`)).status).toBe(200);
      const { head } = await stage.origin.request();
      expect([head.target, head.fields.all("x-forwarded-proto")]).toEqual(["/x", ["http"]]);
    },
  })),
  ...[
    ["http://example.test", "/"],
    ["http://example.test?q=1", "/?q=1"],
    ["http://EXAMPLE.test/X", "/X"],
    ["http://example.test/a/../b?c#".slice(0, -1), "/b?c"],
  ].map(([target = "", expected = ""]): Case => ({
    title: `target ${target} is forwarded as ${expected}`,
    run: async (stage) => {
      expect((await stage.request(target)).status).toBe(200);
      expect((await stage.origin.request()).head.target).toBe(expected);
    },
  })),
  ...[
    "http://user@example.test/",
    "http://user:secret@example.test/",
    "http:///x",
    "http://example.test:x/",
  ].map((target): Case => ({
    title: `target ${target} is rejected with 400`,
    run: async (stage) => {
      expect((await stage.request(target)).status).toBe(400);
      expect(stage.origin.seen).toEqual([]);
    },
  })),
];

conformance("targets in absolute form", { config: oneUpstream(), cases });
