import { MessageChannel } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { Peer } from "../../../../../runtimes/engine/threads/peer.ts";
import { ServeError } from "../../../../../runtimes/serving.ts";
import { ConfigError } from "../../../../../src/config/config-error.ts";
import { problemAt } from "../../../../../src/config/problem.ts";

type Answers = {
  readonly double: (value: number) => Promise<number>;
  readonly fail: (how: string) => void;
  readonly note: (value: string) => void;
};

const others: unknown[] = [];
let channel: MessageChannel | undefined;
afterEach(() => channel?.port1.close());

const pair = (): { readonly peer: Peer<Answers>; readonly notes: string[] } => {
  channel = new MessageChannel();
  const notes: string[] = [];
  const answers: Answers = {
    double: async (value) => value * 2,
    fail(how) {
      if (how === "config") throw new ConfigError([problemAt(["a", 0], "is wrong")]);
      if (how === "serve") throw new ServeError("the port is taken");
      throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    },
    note: (value) => void notes.push(value),
  };
  const other = new Peer<Answers>(channel.port2, answers);
  others.push(other);
  return { peer: new Peer<Answers>(channel.port1, {}), notes };
};

test("a call resolves to what the other side returns, after the notes that were sent before", async () => {
  const { peer, notes } = pair();
  peer.tell("note", "first");
  expect(await peer.call("double", 21)).toBe(42);
  expect(notes).toEqual(["first"]);
});

test("a call fails as the other side does, by class or code", async () => {
  const { peer } = pair();
  await expect(peer.call("fail", "config")).rejects.toThrow(ConfigError);
  await expect(peer.call("fail", "config")).rejects.toThrow("a[0]: is wrong");
  await expect(peer.call("fail", "serve")).rejects.toThrow(ServeError);
  await expect(peer.call("fail", "other")).rejects.toMatchObject({ message: "no space", code: "ENOSPC" });
});

test("calls to a thread that has ended fail, those that wait too", async () => {
  const { peer } = pair();
  const waiting = peer.call("double", 1);
  peer.close(new Error("it has ended"));
  await expect(waiting).rejects.toThrow("it has ended");
  await expect(peer.call("double", 1)).rejects.toThrow("it has ended");
});
