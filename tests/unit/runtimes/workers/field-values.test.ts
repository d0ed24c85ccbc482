import { describe, expect, test } from "vitest";
import { WORKERD_VALUES } from "../../../../runtimes/workers/field-values.ts";

describe("field values of workerd", () => {
  test("are text there and bytes here", () => {
    const bytes = ["x-a", "caf\u00c3\u00a9", "x-b", "plain"];
    const shown = ["x-a", "caf\u00e9", "x-b", "plain"];
    expect(WORKERD_VALUES.received(shown)).toEqual(bytes);
    expect(WORKERD_VALUES.toSend(bytes)).toEqual(shown);
  });

  test("that were no text are left as they are, to be refused", () => {
    expect(WORKERD_VALUES.received(["x-a", "\u{fffd}"])).toEqual(["x-a", "\u{fffd}"]);
    expect(WORKERD_VALUES.toSend(["x-a", "\u00e9"])).toEqual(["x-a", "\u00e9"]);
  });

  test("of ASCII are not copied", () => {
    const pairs = ["x-a", "b", "cookie", "a=1"];
    expect(WORKERD_VALUES.received(pairs)).toBe(pairs);
    expect(WORKERD_VALUES.toSend(pairs)).toBe(pairs);
  });

  test("of several cookie fields are one list of pairs", () => {
    expect(WORKERD_VALUES.received(["cookie", "a=1, b=2; c=3, 4"])).toEqual(["cookie", "a=1; b=2; c=3, 4"]);
    expect(WORKERD_VALUES.received(["x-a", "cookie"])).toEqual(["x-a", "cookie"]);
  });
});
