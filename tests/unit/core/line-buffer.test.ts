import { describe, expect, test } from "vitest";
import { LineBuffer } from "../../../src/core/line-buffer.ts";
import { lineBy } from "../../support/lines.ts";

const textOf = (buffer: LineBuffer): string => new TextDecoder().decode(buffer.bytes);

const add = (buffer: LineBuffer, text: string): void => {
  buffer.begin().addText(text);
  buffer.end();
};

describe("lines as bytes", () => {
  test.each([
    0,
    7,
    10,
    99,
    100,
    65_535,
    2 ** 31 - 1,
    2 ** 31,
    Number.MAX_SAFE_INTEGER,
    -1,
    1.5,
    1e21,
    Number.NaN,
  ])("hold the number %d", (value) => {
    expect(lineBy((line) => line.addNumber(value))).toBe(String(value));
  });

  test.each([
    0,
    0.004,
    0.005,
    0.1,
    0.25,
    1,
    1.005,
    9.999,
    10.07,
    123.4,
    1e6 + 0.01,
    21_474_836.47,
    1e14,
    1e20,
    -0.25,
    Number.NaN,
  ])("hold %d as a number that was rounded to hundredths", (value) => {
    expect(lineBy((line) => line.addHundredths(value))).toBe(String(Math.round(value * 100) / 100));
  });

  test("are apart, whatever their characters", () => {
    const buffer = new LineBuffer();
    for (const line of ["a", "", "ü€😀"]) add(buffer, line);
    expect(textOf(buffer)).toBe("a\n\nü€😀\n");
    expect(buffer.lines).toBe(3);
    expect(buffer.byteLength).toBe(buffer.bytes.byteLength);
  });

  test("hold no text with another character than those it may have", () => {
    const isLetter = Uint8Array.from({ length: 128 }, (_, code) => (code >= 0x61 && code <= 0x7a ? 1 : 0));
    const line = lineBy((buffer) => {
      const added = ["abc", "ab c", "abü", ""].map((text) => buffer.addPlain(text, isLetter, 0x7c));
      expect(added).toEqual([true, false, false, true]);
    });
    expect(line).toBe("|abc|||");
  });

  test("are none before they end, and gone where another begins", () => {
    const buffer = new LineBuffer();
    add(buffer, "first");
    buffer.begin().addText("never ended");
    expect(textOf(buffer)).toBe("first\n");
    add(buffer, "second");
    expect([textOf(buffer), buffer.lines]).toEqual(["first\nsecond\n", 2]);
  });

  test("stay while the memory grows", () => {
    const buffer = new LineBuffer();
    const lines = Array.from({ length: 5_000 }, (_, i) => `${i} ${"€".repeat(i % 50)}`);
    for (const line of [...lines, "x".repeat(1_000_000)]) add(buffer, line);
    expect(textOf(buffer)).toBe([...lines, "x".repeat(1_000_000), ""].join("\n"));
  });

  test("are cleared from memory that is used again, unless it has grown large", () => {
    const buffer = new LineBuffer();
    add(buffer, "first");
    const memory = buffer.bytes.buffer;
    buffer.clear();
    expect([buffer.lines, buffer.byteLength]).toEqual([0, 0]);
    add(buffer, "next");
    expect(textOf(buffer)).toBe("next\n");
    expect(buffer.bytes.buffer).toBe(memory);
    add(buffer, "x".repeat(2_000_000));
    buffer.clear();
    expect(buffer.bytes.buffer.byteLength).toBe(1024);
  });
});
