import { expect, test } from "vitest";
import { LineBuffer } from "../../../../../runtimes/engine/log/line-buffer.ts";

const textOf = (buffer: LineBuffer): string => new TextDecoder().decode(buffer.bytes);

test("lines become bytes, each with a line break, whatever their characters", () => {
  const buffer = new LineBuffer();
  for (const line of ["a", "", "ü€😀"]) buffer.add(line);
  expect(textOf(buffer)).toBe("a\n\nü€😀\n");
  expect(buffer.lines).toBe(3);
  expect(buffer.byteLength).toBe(buffer.bytes.byteLength);
});

test("it grows without losing what it holds", () => {
  const buffer = new LineBuffer();
  const lines = Array.from({ length: 5_000 }, (_, i) => `${i} ${"€".repeat(i % 50)}`);
  for (const line of [...lines, "x".repeat(1_000_000)]) buffer.add(line);
  expect(textOf(buffer)).toBe([...lines, "x".repeat(1_000_000), ""].join("\n"));
});

test("cleared, it is used again, unless it has grown large", () => {
  const buffer = new LineBuffer();
  buffer.add("first");
  const memory = buffer.bytes.buffer;
  buffer.clear();
  expect([buffer.lines, buffer.byteLength]).toEqual([0, 0]);
  buffer.add("next");
  expect(textOf(buffer)).toBe("next\n");
  expect(buffer.bytes.buffer).toBe(memory);
  buffer.add("x".repeat(1_000_000));
  buffer.clear();
  expect(buffer.bytes.buffer.byteLength).toBe(0);
});
