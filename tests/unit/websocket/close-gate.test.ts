import { describe, expect, it } from "vitest";
import type { ByteSink, ByteSource } from "../../../src/core/body.ts";
import { CloseGate } from "../../../src/websocket/close-gate.ts";
import { closeFrame } from "../../../src/websocket/frames.ts";

/** A gate between a source that the test plays and a sink that notes what came. */
const rig = (
  isFromClient = false,
): { gate: CloseGate; push: (...bytes: number[]) => void; got: () => unknown[] } => {
  const got: unknown[] = [];
  let sink: ByteSink | undefined;
  const source: ByteSource = {
    start: (given) => void (sink = given),
    resume: () => {},
    cancel: (reason) => void got.push(`cancelled: ${reason.code}`),
  };
  const gate = new CloseGate(source, isFromClient);
  gate.start({
    write: (bytes) => {
      got.push(...bytes);
      return true;
    },
    end: () => void got.push("end"),
    fail: (error) => void got.push(`failed: ${error.code}`),
  });
  return { gate, push: (...bytes) => void sink?.write(Uint8Array.from(bytes)), got: () => got };
};

const CLOSE = [...closeFrame(1001, false)];

describe("close gate", () => {
  it("closes at once between two frames", () => {
    const { gate, push, got } = rig();
    push(0x82, 1, 7);
    gate.close(1001);
    push(0x82, 1, 8);
    expect(got()).toEqual([0x82, 1, 7, ...CLOSE, "end"]);
  });

  it("closes behind the frame that has begun, and drops what comes with its end", () => {
    const { gate, push, got } = rig();
    push(0x82, 3, 1);
    gate.close(1001);
    push(2);
    push(3, 0x82, 1, 9);
    expect(got()).toEqual([0x82, 3, 1, 2, 3, ...CLOSE, "end"]);
  });

  it("masks what it sends to servers", () => {
    const { gate, got } = rig(true);
    gate.close(1001);
    expect(got()).toEqual([...closeFrame(1001, true), "end"]);
  });

  it("sends no second Close frame", () => {
    const { gate, push, got } = rig();
    push(...CLOSE);
    gate.close(1001);
    gate.close(1001);
    expect(got()).toEqual([...CLOSE, "end"]);
  });
});
