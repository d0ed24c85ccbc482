/** /debug of the admin listener: profiles and what else is seen of the running process. */
import { readdirSync, readlinkSync } from "node:fs";
import { expect } from "vitest";
import { within } from "../support/bound.ts";
import { readCpuProfile, readHeapSnapshot } from "../support/profile.ts";
import { RawClient, type RawResponse } from "../support/raw-client.ts";
import { type Case, type Stage, conformance, requestText } from "../support/suite.ts";

const TOKEN = "Authorization: Bearer token-of-the-operators";

const begin = async (stage: Stage, method: string, target: string, fields = [TOKEN]): Promise<RawClient> => {
  const client = await RawClient.connect(stage.proxy.admin ?? 0);
  const text = requestText(target, {
    method,
    host: `127.0.0.1:${stage.proxy.admin ?? 0}`,
    fields: [...fields, "Connection: close"],
  });
  void client.send(text);
  return client;
};

const ask = async (stage: Stage, method: string, target: string, fields?: string[]): Promise<RawResponse> => {
  const client = await begin(stage, method, target, fields);
  try {
    return await client.response(method, 30_000);
  } finally {
    client.close();
  }
};

/** What a problem says to the operator. */
const detailOf = ({ text }: Pick<RawResponse, "text">): string =>
  (JSON.parse(text) as { detail: string }).detail;

/** Sends requests one after the other until `during` has settled. */
const underLoad = async <Result>(stage: Stage, during: Promise<Result>): Promise<Result> => {
  const load = { isOver: false };
  const asking = async (): Promise<void> => {
    const client = await stage.client();
    while (!load.isOver) {
      await client.send(requestText("/load"));
      expect((await client.response()).status).toBe(200);
    }
  };
  const clients = [asking(), asking(), asking(), asking()];
  try {
    return await during;
  } finally {
    load.isOver = true;
    await Promise.all(clients);
  }
};

/** Files that the process has open and that have no name any more. */
const namelessFiles = ({ proxy }: Stage): readonly string[] => {
  const directory = `/proc/${proxy.child.pid}/fd`;
  return readdirSync(directory).flatMap((name) => {
    try {
      const target = readlinkSync(`${directory}/${name}`);
      return target.endsWith(".heapsnapshot (deleted)") ? [target] : [];
    } catch {
      return [];
    }
  });
};

const untilNoneOpen = async (stage: Stage): Promise<void> => {
  while (namelessFiles(stage).length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
};

const cases: Case[] = [
  {
    title: "CPU profile under load is one that DevTools open, with the functions of the proxy",
    run: async (stage) => {
      const answer = await underLoad(stage, ask(stage, "POST", "/debug/profile?seconds=1"));
      expect([answer.status, answer.fields.get("content-type")]).toEqual([200, "application/json"]);
      expect(answer.fields.get("content-disposition")).toMatch(
        /^attachment; filename="fairlead-\d{8}T\d{6}Z\.cpuprofile"$/,
      );
      const { seconds, samples, functions } = readCpuProfile(answer.text);
      expect(seconds).toBeGreaterThan(0.9);
      expect(seconds).toBeLessThan(10);
      expect(samples).toBeGreaterThan(50);
      const ours = functions.filter(({ url }) => url.includes("/runtimes/engine/"));
      expect(ours.map(({ name }) => name).filter((name) => name !== "").length).toBeGreaterThan(3);
    },
  },
  {
    title: "one at a time: another is refused with 409 until the first has ended",
    run: async (stage) => {
      const first = await begin(stage, "POST", "/debug/profile?seconds=2.01");
      await stage.proxy.child.printed(/CPU profile of 2.01 s/);
      const second = await ask(stage, "POST", "/debug/profile?seconds=0.1");
      expect([second.status, detailOf(second)]).toEqual([
        409,
        "a CPU profile is being taken; try again when it is done",
      ]);
      expect((await ask(stage, "POST", "/debug/heap")).status).toBe(409);
      expect((await first.response("POST", 30_000)).status).toBe(200);
      expect((await ask(stage, "POST", "/debug/profile?seconds=0.1")).status).toBe(200);
      first.close();
    },
  },
  {
    title: "profile ends when its client leaves",
    run: async (stage) => {
      const first = await begin(stage, "POST", "/debug/profile?seconds=60");
      await stage.proxy.child.printed(/CPU profile of 60 s/);
      expect((await ask(stage, "POST", "/debug/event-loop?seconds=0.1")).status).toBe(409);
      first.close();
      const freed = async (): Promise<void> => {
        while ((await ask(stage, "POST", "/debug/event-loop?seconds=0.1")).status === 409);
      };
      await within(freed(), "the profile to end", 10_000);
    },
  },
  {
    title: "heap snapshot is one that DevTools open",
    run: async (stage) => {
      const answer = await ask(stage, "POST", "/debug/heap");
      expect(answer.status).toBe(200);
      expect(answer.fields.get("content-disposition")).toContain(".heapsnapshot");
      expect(Number(answer.fields.get("content-length"))).toBe(answer.body.length);
      const { nodes, strings } = readHeapSnapshot(answer.text);
      expect(nodes).toBeGreaterThan(5_000);
      expect(strings).toContain("EventLog");
      expect((await stage.request("/after")).status).toBe(200);
      await within(untilNoneOpen(stage), "the snapshot's file to be closed");
    },
  },
  {
    title: "heap snapshot waits for a slow reader on the disk, and goes when that one leaves",
    run: async (stage) => {
      const client = await begin(stage, "POST", "/debug/heap");
      expect((await client.head(30_000)).status).toBe(200);
      client.wire.socket.pause();
      // Deno keeps the handle that it wrote by for a while.
      expect(namelessFiles(stage)).not.toEqual([]);
      expect((await stage.request("/meanwhile")).status).toBe(200);
      client.reset();
      await within(untilNoneOpen(stage), "the snapshot's file to be closed");
    },
  },
  {
    title: "delay of the event loop is measured",
    run: async (stage) => {
      const answer = await underLoad(stage, ask(stage, "POST", "/debug/event-loop?seconds=0.5"));
      const { seconds, samples, p50, p99, max, cpu, buckets } = JSON.parse(answer.text) as Record<
        string,
        number
      > & {
        readonly buckets: readonly { readonly samples: number }[];
      };
      expect(seconds).toBeGreaterThanOrEqual(0.5);
      expect(samples).toBeGreaterThan(3);
      expect(p50).toBeLessThanOrEqual(p99 ?? 0);
      expect(p99).toBeLessThanOrEqual(max ?? 0);
      expect(cpu).toBeGreaterThan(0);
      expect(buckets.reduce((sum, each) => sum + each.samples, 0)).toBe(samples);
    },
  },
  {
    title: "active resources are counted by kind, or refused with the runtime's name",
    run: async (stage) => {
      const client = await stage.client();
      await client.send(requestText("/"));
      await client.response();
      const { status, text } = await ask(stage, "GET", "/debug/resources");
      if (stage.runtime === "bun") {
        expect([status, detailOf({ text })]).toEqual([501, "bun can't list what keeps the event loop alive"]);
        return;
      }
      expect(status).toBe(200);
      const counts = JSON.parse(text) as Record<string, number>;
      // Both listeners; the client, the one that asks, and the connection upstream.
      expect(counts["TCPServerWrap"]).toBeGreaterThanOrEqual(2);
      expect(counts["TCPSocketWrap"]).toBeGreaterThanOrEqual(3);
    },
  },
  {
    title: "time beyond its bounds, unknown parameters and other methods are refused",
    run: async (stage) => {
      for (const query of ["seconds=61", "seconds=0", "seconds=-1", "seconds=1e1", "seconds=", "second=1"]) {
        const { status, text } = await ask(stage, "POST", `/debug/profile?${query}`);
        expect([query, status]).toEqual([query, 400]);
        expect(text).toContain('"path":"second');
      }
      expect((await ask(stage, "POST", "/debug/heap?thread=7")).status).toBe(404);
      const { status, fields } = await ask(stage, "GET", "/debug/profile");
      expect([status, fields.get("allow")]).toEqual([405, "POST"]);
    },
  },
  {
    title: "nothing of it is told without the token, nor below admin.path",
    run: async (stage) => {
      for (const path of ["profile", "heap", "event-loop"]) {
        expect((await ask(stage, "POST", `/debug/${path}`, [])).status).toBe(401);
        const beside = await stage.request(`/ops/debug/${path}`, { method: "POST", fields: [TOKEN] });
        expect([beside.status, detailOf(beside)]).toEqual([
          403,
          "only the admin listener (admin.port) offers this",
        ]);
      }
    },
  },
  {
    title: "each of them is a line of the log",
    run: async (stage) => {
      await ask(stage, "POST", "/debug/profile?seconds=0.2");
      await stage.proxy.child.printed(/"event":"audit".*CPU profile of 0.2 s/);
    },
  },
];

conformance("debugging", {
  config: ([origin]) => ({
    upstreams: { main: origin },
    admin: { port: 0, path: "/ops", token: "token-of-the-operators" },
  }),
  cases,
});

/** With threads the admin listener is in one that answers no request. */
const threadCases: Case[] = [
  {
    title: "profile is of a thread that answers requests, unless another is asked for",
    run: async (stage) => {
      const [first, second, main] = await underLoad(
        stage,
        Promise.all(
          ["", "&thread=2", "&thread=0"].map((thread) =>
            ask(stage, "POST", `/debug/profile?seconds=1.5${thread}`),
          ),
        ),
      );
      // A few connections may all be one thread's.
      const seen = [first, second].flatMap((answer) => readCpuProfile(answer?.text ?? "").functions);
      expect(seen.some(({ url }) => url.includes("/server/connection.ts"))).toBe(true);
      expect(main?.status).toBe(200);
      // It may have done nothing meanwhile.
      expect(() => readCpuProfile(main?.text ?? "")).not.toThrow();
    },
  },
  {
    title: "heap, event loop and resources are those of the thread, one at a time",
    run: async (stage) => {
      const loop = begin(stage, "POST", "/debug/event-loop?seconds=1.51&thread=2");
      await stage.proxy.child.printed(/event loop for 1.51 s/);
      expect((await ask(stage, "POST", "/debug/heap?thread=2")).status).toBe(409);
      const heap = await ask(stage, "POST", "/debug/heap?thread=1");
      expect(readHeapSnapshot(heap.text).nodes).toBeGreaterThan(5_000);
      const client = await loop;
      expect((await client.response("POST", 30_000)).status).toBe(200);
      client.close();
      const resources = await ask(stage, "GET", "/debug/resources?thread=1");
      expect(resources.status).toBe(stage.runtime === "bun" ? 501 : 200);
      expect((await ask(stage, "POST", "/debug/heap?thread=3")).status).toBe(404);
    },
  },
  {
    title: "measurement ends when its client leaves",
    run: async (stage) => {
      const first = await begin(stage, "POST", "/debug/profile?seconds=60&thread=1");
      await stage.proxy.child.printed(/CPU profile of 60 s/);
      first.close();
      const freed = async (): Promise<void> => {
        while ((await ask(stage, "POST", "/debug/event-loop?seconds=0.1&thread=1")).status === 409);
      };
      await within(freed(), "the profile to end", 10_000);
    },
  },
];

conformance("debugging of threads", {
  config: ([origin]) => ({
    threads: 2,
    upstreams: { main: origin },
    admin: { port: 0, token: "token-of-the-operators" },
  }),
  cases: threadCases,
});
