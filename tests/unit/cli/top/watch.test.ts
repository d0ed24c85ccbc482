import { describe, expect, it } from "vitest";
import { frameOf } from "../../../../cli/top/frame.ts";
import { keysIn } from "../../../../cli/top/keys.ts";
import { ratesBetween } from "../../../../cli/top/rates.ts";
import { ALL_KEY, endpointKey } from "../../../../cli/top/snapshot.ts";
import { latencyText, rateText, shareText, spanText } from "../../../../cli/top/units.ts";
import { type View, pressed } from "../../../../cli/top/view.ts";
import { styleFor } from "../../../../cli/style.ts";
import { endpoint, snapshot, traffic, upstream } from "../../../support/snapshot.ts";

const STYLE = styleFor({ isTTY: false, write() {} }, {});

const view = (more: Partial<View> = {}): View => ({
  address: "http://127.0.0.1:9090",
  snapshot: snapshot({
    upstreams: [
      upstream(
        "api",
        Array.from({ length: 100 }, (_, index) => endpoint(`http://10.0.0.${index}:80`)),
      ),
    ],
  }),
  rates: new Map(),
  failure: undefined,
  sort: "config",
  isReversed: false,
  filter: "",
  isTyping: false,
  isPaused: false,
  offset: 0,
  ...more,
});

const after = (keys: readonly string[], from: View = view()): View => {
  let now = from;
  for (const key of keys) {
    const next = pressed(now, key);
    if (next === undefined) throw new Error(`${key} left it`);
    now = next;
  }
  return now;
};

describe("keys of fairlead top", () => {
  it("are read from what a terminal sends", () => {
    expect(keysIn("q\u001b[A\u001b[6~\u001bx\u0003\u001b[1;5Cü\r\u0001")).toEqual([
      "q",
      "up",
      "page-down",
      "escape",
      "x",
      "ctrl-c",
      "ü",
      "enter",
    ]);
  });

  it("leave with q and Ctrl-C, but a q of the filter is text", () => {
    expect(pressed(view(), "q")).toBeUndefined();
    expect(pressed(view(), "ctrl-c")).toBeUndefined();
    expect(after(["/", "q"])).toMatchObject({ filter: "q", isTyping: true });
    expect(pressed(after(["/"]), "ctrl-c")).toBeUndefined();
  });

  it("sort by one figure after the other", () => {
    expect(after(["s"]).sort).toBe("name");
    expect(after(["s", "s", "r"])).toMatchObject({ sort: "requests", isReversed: true });
    expect(after(["s", "s", "s", "s", "s", "s"]).sort).toBe("config");
  });

  it("edit the filter", () => {
    expect(after(["/", "a", "b", "backspace", "enter"])).toMatchObject({ filter: "a", isTyping: false });
    expect(after(["/", "a", "escape"])).toMatchObject({ filter: "", isTyping: false });
  });
});

describe("a frame of fairlead top", () => {
  it.each([
    [80, 24],
    [200, 60],
    [20, 5],
    [10, 1],
  ])("fills %i × %i cells and no more", (columns, rows) => {
    const { lines } = frameOf(view(), { columns, rows }, STYLE);
    expect(lines).toHaveLength(rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  it("scrolls to the last line and no further", () => {
    const size = { columns: 80, rows: 24 };
    const { lines, offset } = frameOf(after(["end"]), size, STYLE);
    expect(lines.at(-2)).toContain("10.0.0.99:80");
    expect(frameOf(after(["up"], view({ offset })), size, STYLE).lines.at(-2)).toContain("10.0.0.98:80");
    expect(frameOf(after(["home"], view({ offset })), size, STYLE).offset).toBe(0);
  });

  it("says first that the proxy is gone, and keeps the last table", () => {
    const failure = { message: "connection refused", since: "12:00:00" };
    const { lines } = frameOf(view({ failure }), { columns: 100, rows: 24 }, STYLE);
    expect(lines[0]).toBe("http://127.0.0.1:9090: connection refused, since 12:00:00; trying again");
    expect(lines.join("\n")).toContain("10.0.0.0:80");
  });
});

describe("rates of fairlead top", () => {
  const key = endpointKey("api", "http://a");
  const at = (time: number, requests: number, startedAt: number = 0): ReturnType<typeof snapshot> =>
    snapshot({
      time,
      startedAt,
      traffic: traffic(requests, { requests: 120 }),
      upstreams: [upstream("api", [endpoint("http://a", { traffic: traffic(requests, { requests: 60 }) })])],
    });

  it("are the difference of two looks by their time", () => {
    const rates = ratesBetween(at(1_000, 100), at(3_000, 150));
    expect([rates.get(ALL_KEY), rates.get(key)]).toEqual([25, 25]);
  });

  it("go by the proxy's own window at first, and after its restart", () => {
    expect(ratesBetween(undefined, at(1_000, 100)).get(key)).toBe(1);
    expect(ratesBetween(at(1_000, 100), at(2_000, 5, 1_500)).get(ALL_KEY)).toBe(2);
    expect(ratesBetween(at(1_000, 100), at(2_000, 5)).get(ALL_KEY)).toBe(2);
    expect(ratesBetween(at(1_000, 100), at(1_000, 100)).get(ALL_KEY)).toBe(2);
  });
});

describe("figures of fairlead top", () => {
  it.each([
    [rateText(0), "0.0"],
    [rateText(99.94), "99.9"],
    [rateText(1_234.5), "1,235"],
    [shareText(0), "0 %"],
    [shareText(1), "100 %"],
    [shareText(0.00001), "0.1 %"],
    [shareText(0.9999), "99.9 %"],
    [shareText(undefined), "-"],
    [latencyText(0.0004), "0.4 ms"],
    [latencyText(0.01), "10 ms"],
    [latencyText(0.9996), "1.00 s"],
    [latencyText(61), "61 s"],
    [spanText(0), "0 s"],
    [spanText(725_000), "12 min 5 s"],
    [spanText(90_000_000), "1 d 1 h"],
    [spanText(86_400_000), "1 d"],
  ])("%s is %s", (found, expected) => expect(found).toBe(expected));
});
