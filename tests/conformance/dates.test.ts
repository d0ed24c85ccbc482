/** Every answer has one date: the origin's, or where it sent none one of the proxy's (RFC 9110 §6.6.1). */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream } from "../support/suite.ts";

const SEEN_AT = ["oven-sh/bun#21677", "jetty/jetty.project#14329"];
const LONG_AGO = "Wed, 21 Oct 2015 07:28:00 GMT";

const cases: Case[] = [
  ["200 OK", "Content-Length: 0\r\n"],
  ["204 No Content", ""],
  ["304 Not Modified", ""],
  ["404 Not Found", "Content-Length: 0\r\n"],
].flatMap(([status = "", field = ""]): Case[] => [
  {
    title: `date of the origin's ${status} is kept, alone`,
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script((x) => x.send(`HTTP/1.1 ${status}\r\ndate: ${LONG_AGO}\r\n${field}\r\n`));
      expect((await stage.request("/")).fields.all("date")).toEqual([LONG_AGO]);
    },
  },
  {
    title: `${status} without a date gets that of the moment`,
    seenAt: SEEN_AT,
    run: async (stage) => {
      stage.origin.script((x) => x.send(`HTTP/1.1 ${status}\r\n${field}\r\n`));
      const before = Math.floor(Date.now() / 1_000) * 1_000;
      const dates = (await stage.request("/")).fields.all("date");
      expect(dates).toEqual([expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)]);
      // A cached text may be a second old.
      expect(Date.parse(dates[0] ?? "")).toBeGreaterThanOrEqual(before - 1_000);
      expect(Date.parse(dates[0] ?? "")).toBeLessThanOrEqual(Date.now());
    },
  },
]);

conformance("dates", { config: oneUpstream(), cases });
