import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import type { ExchangeTrace } from "../../../src/core/exchange-trace.ts";
import { type TraceRules, beginTrace } from "../../../src/observe/begin-trace.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const parent = (flags = "01"): readonly string[] => ["traceparent", `00-${TRACE}-${SPAN}-${flags}`];
const ID = "0123456789abcdef0123456789abcdef";

interface Parts {
  readonly rules?: Partial<TraceRules>;
  readonly fields?: readonly string[];
  readonly id?: string;
  readonly isTrusted?: boolean;
}

const begun = ({ rules, fields = [], id = ID, isTrusted = true }: Parts): ExchangeTrace =>
  beginTrace(
    { sample: 0, trust: "trusted", parentBased: true, forceHeader: "x-trace", ...rules },
    seededRandom(3),
  )(fields, {
    id,
    isTrusted,
  });

describe("a trace", () => {
  test("goes on from a trusted caller, who also says whether it is recorded", () => {
    expect(begun({ fields: parent() })).toMatchObject({ traceId: TRACE, parentId: SPAN, isSampled: true });
    expect(begun({ fields: parent("00"), rules: { sample: 1 } })).toMatchObject({
      traceId: TRACE,
      parentId: SPAN,
      isSampled: false,
    });
  });

  test("goes on from a trusted caller who does not say whether it is recorded, where the rules leave that out", () => {
    const own = (sample: number, flags: string): ExchangeTrace =>
      begun({ fields: parent(flags), rules: { sample, parentBased: false } });
    expect(own(0, "01")).toMatchObject({ traceId: TRACE, parentId: SPAN, isSampled: false });
    expect(own(1, "00")).toMatchObject({ traceId: TRACE, parentId: SPAN, isSampled: true });
  });

  test("begins anew for callers that are not trusted", () => {
    expect(begun({ fields: parent(), isTrusted: false })).toMatchObject({
      traceId: ID,
      parentId: undefined,
      isSampled: false,
    });
    expect(begun({ fields: parent(), rules: { trust: "never" } }).traceId).toBe(ID);
    expect(begun({ fields: parent(), isTrusted: false, rules: { trust: "always" } }).traceId).toBe(TRACE);
  });

  test("that begins here has the request's id, unless that is none of ours", () => {
    expect(begun({}).traceId).toBe(ID);
    for (const id of ["client-chose-this", "0".repeat(32), ID.toUpperCase()]) {
      expect(begun({ id }).traceId).toMatch(/^(?!0{32})[\da-f]{32}$/);
      expect(begun({ id }).traceId).not.toBe(id);
    }
  });

  test("is recorded where a trusted caller asks for it", () => {
    const fields = ["X-Trace", ""];
    expect(begun({ fields }).isSampled).toBe(true);
    expect(begun({ fields, isTrusted: false }).isSampled).toBe(false);
    expect(begun({ fields: [...parent("00"), ...fields] }).isSampled).toBe(true);
    expect(begun({ fields, rules: { forceHeader: undefined } }).isSampled).toBe(false);
  });

  test("that is recorded gives each attempt a span of its own", () => {
    const trace = begun({ rules: { sample: 1 } });
    const ids = [trace.spanId, trace.attemptId(), trace.attemptId()];
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^(?!0{16})[\da-f]{16}$/);
  });

  test("that is not recorded makes those that are called children of the caller", () => {
    expect(begun({ fields: parent("00") }).attemptId()).toBe(SPAN);
    expect(begun({}).attemptId()).toBe(ID.slice(16));
    expect(begun({ id: `${"1".repeat(16)}${"0".repeat(16)}` }).attemptId()).toBe("0000000000000001");
  });

  test("is chosen by its id alone, in the share that is asked for, and by every larger share too", () => {
    const random = seededRandom(11);
    const ids = Array.from({ length: 20_000 }, () => random.id());
    const chosenBy = (sample: number): Set<string> => {
      const begin = beginTrace({ sample, trust: "never", parentBased: true, forceHeader: undefined }, random);
      return new Set(ids.filter((id) => begin([], { id, isTrusted: false }).isSampled));
    };
    const [few, more] = [chosenBy(0.01), chosenBy(0.1)];
    expect(few.size).toBeGreaterThan(140);
    expect(few.size).toBeLessThan(260);
    expect(more.size).toBeGreaterThan(1_850);
    expect(more.size).toBeLessThan(2_150);
    expect(few.difference(more).size).toBe(0);
    expect(chosenBy(0).size).toBe(0);
    expect(chosenBy(1).size).toBe(ids.length);
  });
});
