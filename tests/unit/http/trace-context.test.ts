import { describe, expect, it } from "vitest";
import { parseTraceParent, traceParentOf, traceParentText } from "../../../src/http/trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

describe("traceparent", () => {
  it("is read as it is written", () => {
    for (const isSampled of [true, false]) {
      expect(parseTraceParent(traceParentText(TRACE, SPAN, isSampled))).toEqual({
        traceId: TRACE,
        parentId: SPAN,
        isSampled,
      });
    }
  });

  it("has flags of which one is known", () => {
    expect(parseTraceParent(`00-${TRACE}-${SPAN}-ff`)?.isSampled).toBe(true);
    expect(parseTraceParent(`00-${TRACE}-${SPAN}-02`)?.isSampled).toBe(false);
  });

  it("of a later version is read as far as it is known", () => {
    expect(parseTraceParent(`cc-${TRACE}-${SPAN}-01-what-the-future-brings`)?.traceId).toBe(TRACE);
    expect(parseTraceParent(`cc-${TRACE}-${SPAN}-01`)?.traceId).toBe(TRACE);
  });

  it.each([
    ["an unknown form", "x"],
    ["the version that is none", `ff-${TRACE}-${SPAN}-01`],
    ["more than its version has", `00-${TRACE}-${SPAN}-01-x`],
    ["a trace id of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["a parent of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["upper case", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ["a short trace id", `00-${TRACE.slice(1)}-${SPAN}-01`],
    ["something behind it", `cc-${TRACE}-${SPAN}-01.x`],
    ["a space before it", ` 00-${TRACE}-${SPAN}-01`],
  ])("with %s is none", (_, value) => {
    expect(parseTraceParent(value)).toBeUndefined();
  });

  it("is found whatever the case of its name, and only where there is one of it", () => {
    const value = traceParentText(TRACE, SPAN, true);
    expect(traceParentOf(["a", "b", "TraceParent", value])?.parentId).toBe(SPAN);
    expect(traceParentOf(["traceparent", value, "traceparent", value])).toBeUndefined();
    expect(traceParentOf(["tracestate", value])).toBeUndefined();
  });
});
