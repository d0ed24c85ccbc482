import { describe, expect, it } from "vitest";
import { fileSource } from "../../../src/discovery/file-source.ts";
import { ManualClock } from "../../../runtimes/memory/clock.ts";

describe("fileSource", () => {
  it("goes by the later of two reads that overlap, whichever ends first", async () => {
    const clock = new ManualClock();
    const reads: ((text: string) => void)[] = [];
    let changed = (): void => {};
    const file = {
      path: "/endpoints.json",
      read: () => new Promise<string>((resolve) => void reads.push(resolve)),
      watch(listener: () => void) {
        changed = listener;
        return () => {};
      },
    };
    const heard: string[] = [];
    fileSource(file, clock).start((report) => {
      if (report.kind === "found") heard.push(...report.endpoints.map(({ url }) => url));
    });
    changed();
    await clock.advance(60);
    expect(reads).toHaveLength(2);
    reads[1]?.('["http://10.0.0.2:80"]');
    reads[0]?.('["http://10.0.0.1:80"]');
    await clock.advance(0);
    expect(heard).toEqual(["http://10.0.0.2:80"]);
  });
});
