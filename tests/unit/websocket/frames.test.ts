import { describe, expect, it } from "vitest";
import { FrameTracker, closeFrame } from "../../../src/websocket/frames.ts";

const frame = (length: number, isMasked: boolean, opcode = 2): Uint8Array => {
  const mask = isMasked ? 0x80 : 0;
  const header =
    length < 126
      ? [mask | length]
      : length < 65_536
        ? [mask | 126, length >> 8, length & 0xff]
        : [mask | 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff];
  const bytes = new Uint8Array(1 + header.length + (isMasked ? 4 : 0) + length).fill(0x88);
  bytes.set([0x80 | opcode, ...header]);
  return bytes;
};

const LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];

describe("frame tracker", () => {
  for (const isMasked of [false, true]) {
    it.each(LENGTHS)(`finds the end of a ${isMasked ? "masked " : ""}frame of %d bytes`, (length) => {
      const bytes = frame(length, isMasked);
      const two = new Uint8Array(bytes.length * 2);
      two.set(bytes);
      two.set(bytes, bytes.length);
      const tracker = new FrameTracker();
      expect(tracker.passFrame(two, 0)).toBe(bytes.length);
      expect(tracker.isBetweenFrames).toBe(true);
      tracker.pass(two.subarray(bytes.length));
      expect([tracker.isBetweenFrames, tracker.hasClosed]).toEqual([true, false]);
    });

    it(`is between ${isMasked ? "masked " : ""}frames only where one ends, byte by byte`, () => {
      const tracker = new FrameTracker();
      const ends: number[] = [];
      let at = 0;
      for (const length of [0, 3, 126, 300]) {
        for (const byte of frame(length, isMasked)) {
          tracker.pass(Uint8Array.of(byte));
          at += 1;
          if (tracker.isBetweenFrames) ends.push(at);
        }
      }
      const mask = isMasked ? 4 : 0;
      const sizes = [2, 5, 130, 304].map((size) => size + mask);
      expect(ends).toEqual(
        sizes.map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + size)),
      );
    });
  }

  it("notes a Close frame", () => {
    const tracker = new FrameTracker();
    tracker.pass(closeFrame(1001, true));
    expect([tracker.isBetweenFrames, tracker.hasClosed]).toEqual([true, true]);
  });
});

describe("close frame", () => {
  it("holds the code", () => {
    expect([...closeFrame(1001, false)]).toEqual([0x88, 2, 0x03, 0xe9]);
    expect([...closeFrame(1001, true)]).toEqual([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]);
  });
});
