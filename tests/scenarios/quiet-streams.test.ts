/** Streams may be quiet for longer than any runtime's own idle timer: only the proxy's limits count. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RawClient } from "../support/raw-client.ts";
import { RawOrigin } from "../support/raw-origin.ts";
import { RUNTIMES, type RunningProxy, type RuntimeName, startProxy } from "../support/runtimes.ts";
import { requestText } from "../support/suite.ts";

/** Bun closes a quiet connection after 10 s of its own accord (oven-sh/bun#27479). */
const QUIET_MS = 12_000;

const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, QUIET_MS));

interface Observed {
  readonly stream: string;
  readonly lateHead: string;
  readonly upload: string;
}

const observe = async (runtime: RuntimeName): Promise<Observed> => {
  const origin = await RawOrigin.start();
  let proxy: RunningProxy | undefined;
  try {
    proxy = await startProxy(runtime, { upstreams: { main: origin.url }, routes: [{ upstream: "main" }] });
    origin.script(async (x) => {
      if (x.head.target === "/stream") {
        await x.send(
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        await quiet();
        await x.send("9\r\ndata: 1\n\n\r\n0\r\n\r\n");
      } else if (x.head.target === "/late") {
        await quiet();
        await x.respond(200, {}, "late");
      } else {
        await x.respond(200, {}, await x.body());
      }
    });
    const { port } = proxy;
    const ask = async (first: string, later?: string): Promise<string> => {
      const client = await RawClient.connect(port);
      client.wire.patienceMs = QUIET_MS + 8_000;
      try {
        await client.send(first);
        if (later !== undefined) await quiet().then(() => client.send(later));
        return (await client.response()).text;
      } finally {
        client.close();
      }
    };
    const upload = requestText("/upload", { method: "POST", fields: ["Content-Length: 4"] });
    const told = (error: unknown): string => String(error);
    const [stream, lateHead, uploaded] = await Promise.all([
      ask(requestText("/stream")).catch(told),
      ask(requestText("/late")).catch(told),
      ask(`${upload}ha`, "lf").catch(told),
    ]);
    return { stream, lateHead, upload: uploaded };
  } finally {
    await proxy?.stop();
    await origin.stop();
  }
};

describe("quiet streams", () => {
  const running = new Map<RuntimeName, Promise<Observed>>();
  const of = async (runtime: RuntimeName): Promise<Observed> => {
    const observed = await running.get(runtime);
    if (observed === undefined) throw new Error(`${runtime} was not started`);
    return observed;
  };

  beforeAll(() => {
    // All at once: the time passes for everyone.
    for (const runtime of RUNTIMES) running.set(runtime, observe(runtime));
    for (const one of running.values()) one.catch(() => {});
  });
  afterAll(() => Promise.allSettled(running.values()));

  for (const runtime of RUNTIMES) {
    // oven-sh/bun#27479
    test(`event stream that is quiet for 12 s lives on, on ${runtime}`, async () => {
      expect((await of(runtime)).stream).toBe("data: 1\n\n");
    });
    test(`response head that takes 12 s is waited for, on ${runtime}`, async () => {
      expect((await of(runtime)).lateHead).toBe("late");
    });
    // traefik/traefik#12668, traefik/traefik#10611
    test(`upload that pauses for 12 s is completed, on ${runtime}`, async () => {
      expect((await of(runtime)).upload).toBe("half");
    });
  }
});
