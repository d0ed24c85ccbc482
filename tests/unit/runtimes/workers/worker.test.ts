import { describe, expect, test, vi } from "vitest";
import { worker } from "../../../../runtimes/workers/worker.ts";

const context = { waitUntil() {}, passThroughOnException() {} };
const silent = { onFailure() {} };

const ask = async (module: ReturnType<typeof worker>, request: Request): Promise<string> =>
  (await module.fetch(request, {}, context)).text();

const respond = (body: string): object => ({ routes: [{ respond: { headers: { "x-text": body }, body } }] });

/** With the Host field that a server would hand over. */
const request = (headers: Record<string, string> = {}, cf?: object): Request =>
  Object.assign(new Request("http://example.test/", { headers: { host: "example.test", ...headers } }), {
    cf,
  });

describe("worker", () => {
  test("serves its config", async () => {
    expect(await ask(worker(respond("hello")), request())).toBe("hello");
  });

  test("references are looked up in its text bindings", async () => {
    const module = worker(respond("${env:GREETING}"), { GREETING: "hello", KV: {} });
    expect(await ask(module, request())).toBe("hello");
  });

  test("missing binding fails at once", () => {
    expect(() => worker(respond("${env:GREETING}"), {})).toThrow(/GREETING/);
  });

  test("config that Workers can't honour fails at once with the setting's name", () => {
    const config = { upstreams: { api: { endpoints: "unix:/run/api.sock" } }, routes: [{ upstream: "api" }] };
    expect(() => worker(config)).toThrow(/upstreams\.api/);
  });

  test("checks run behind responses and from a cron trigger", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (input: Request | string) => {
      asked.push(new URL(typeof input === "string" ? input : input.url).pathname);
      return new Response("ok");
    });
    try {
      const upstream = { endpoints: "http://origin.test", health: { path: "/healthz", interval: "1d" } };
      const module = worker({ upstreams: { api: upstream } }, {}, silent);
      const work: Promise<unknown>[] = [];
      const keeping = { ...context, waitUntil: (promise: Promise<unknown>) => void work.push(promise) };
      module.scheduled({}, {}, keeping);
      await Promise.all(work);
      expect(asked).toEqual(["/healthz"]);
      const response = await module.fetch(request(), {}, keeping);
      expect(await response.text()).toBe("ok");
      await Promise.all(work);
      expect(asked).toEqual(["/healthz", "/"]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("port and address to listen on are left to who runs it", () => {
    expect(() => worker({ ...respond("hello"), listen: { port: 8080, host: "0.0.0.0" } })).not.toThrow();
  });

  test("client is told by the edge's header, and by the socket where there is one", async () => {
    const config = {
      routes: [{ respond: { body: "" }, responseHeaders: { set: { "x-client": "${client.address}" } } }],
    };
    const client = async (headers: Record<string, string>, cf?: object): Promise<string | null> => {
      const module = worker(config, {}, silent);
      return (await module.fetch(request(headers, cf), {}, context)).headers.get("x-client");
    };
    expect(await client({ "cf-connecting-ip": "203.0.113.9" })).toBe("203.0.113.9");
    expect(await client({ "cf-connecting-ip": "203.0.113.9" }, { clientIp: "127.0.0.1:4711" })).toBe(
      "127.0.0.1",
    );
    expect(await client({}, { clientIp: "[2001:db8::1]:4711" })).toBe("2001:db8::1");
    expect(await client({}, { country: "DE" })).toBe("");
  });
});
