import { describe, expect, test } from "vitest";
import { ReadAhead } from "../../../../runtimes/engine/read-ahead.ts";

describe("read-ahead", () => {
  test("hands out all bytes in order, and holds none then", () => {
    const ahead = new ReadAhead();
    for (const piece of ["ab", "", "c", "defg"]) ahead.push(Buffer.from(piece));
    expect(ahead.bytes).toBe(7);
    expect(ahead.take()?.toString()).toBe("abcdefg");
    expect(ahead.bytes).toBe(0);
    expect(ahead.take()).toBeUndefined();
  });

  test("keeps a single piece without copying it", () => {
    const ahead = new ReadAhead();
    const piece = Buffer.from("whole");
    ahead.push(piece);
    expect(ahead.take()?.buffer).toBe(piece.buffer);
  });

  test("never writes into the pieces that it was given", () => {
    const ahead = new ReadAhead();
    const memory = Buffer.from("abcdef");
    ahead.push(memory.subarray(0, 2));
    ahead.push(Buffer.from("XY"));
    expect(ahead.take()?.toString()).toBe("abXY");
    expect(memory.toString()).toBe("abcdef");
  });

  test("keeps many pieces of one byte in a few buffers", () => {
    const ahead = new ReadAhead();
    const buffers = new Set<unknown>();
    for (let i = 0; i < 65_536; i++) ahead.push(Buffer.from([i & 255]));
    const bytes = ahead.take();
    buffers.add(bytes?.buffer);
    expect(bytes?.length).toBe(65_536);
    expect(bytes?.every((byte, i) => byte === (i & 255))).toBe(true);
    expect(bytes?.buffer.byteLength).toBeLessThanOrEqual(4 * 65_536);
  });

  test("starts anew after it was emptied", () => {
    const ahead = new ReadAhead();
    ahead.push(Buffer.from("one"));
    ahead.push(Buffer.from("two"));
    const first = ahead.take();
    ahead.push(Buffer.from("three"));
    ahead.push(Buffer.from("four"));
    expect(ahead.take()?.toString()).toBe("threefour");
    expect(first?.toString()).toBe("onetwo");
  });
});
