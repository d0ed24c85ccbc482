import { expect, it } from "vitest";
import { succession } from "../../../cli/succession.ts";
import type { Host } from "../../../cli/host.ts";
import type { Serving } from "../../../runtimes/serving.ts";

it("goes on, and can be asked again, where the listeners can't be told", async () => {
  let tries = 0;
  const host = {
    stderr: { write: () => {} },
    startSuccessor: async () => ({ ok: false, reason: "no sockets" }),
  } as unknown as Host;
  const serving = {
    listeners: async () => {
      tries += 1;
      if (tries === 1) throw new Error("the thread has ended");
      return [];
    },
  } as unknown as Serving;
  const succeeded = succession(host);
  succeeded.begin(serving);
  expect(await succeeded.upgrade()).toEqual({ ok: false, reason: "the thread has ended" });
  expect(await succeeded.upgrade()).toEqual({ ok: false, reason: "no sockets" });
});

it("starts nobody once this process stops, and gives up whoever was started", async () => {
  let signal: AbortSignal | undefined;
  const host = {
    stderr: { write: () => {} },
    startSuccessor: (options: { readonly signal: AbortSignal }) => {
      signal = options.signal;
      return new Promise((resolve) =>
        options.signal.addEventListener("abort", () => resolve({ ok: false, reason: "stopping" })),
      );
    },
  } as unknown as Host;
  const succeeded = succession(host);
  succeeded.begin({ listeners: async () => [] } as unknown as Serving);
  const upgrade = succeeded.upgrade();
  await Promise.resolve();
  succeeded.stop();
  expect(await upgrade).toEqual({ ok: false, reason: "stopping" });
  expect(signal?.aborted).toBe(true);
  expect(await succeeded.upgrade()).toEqual({ ok: false, reason: "this process is stopping" });
});
