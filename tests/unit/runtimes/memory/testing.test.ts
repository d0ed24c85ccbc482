import { describe, expect, test } from "vitest";
import { bind } from "../../../../runtimes/bind.ts";
import { type ScriptedUpstream, memoryPlatform, testGateway } from "../../../../runtimes/memory/mod.ts";
import type { HttpReply } from "../../../../src/core/reply.ts";
import type { ConfigInput } from "../../../../src/mod.ts";
import { type AttemptParts, testAttempt, testEndpoint } from "../../../support/attempt.ts";
import { bytesBody, readerOf } from "../../../support/reading.ts";

const to = (url: string, route: object = {}): ConfigInput => ({
  upstreams: { api: url },
  routes: [{ upstream: "api", ...route }],
});

const where: ScriptedUpstream = (request) => new Response(request.url);

const post = (body: BodyInit): RequestInit => ({ method: "POST", body, duplex: "half" }) as RequestInit;

describe("scripted upstreams", () => {
  test.each([
    ["http://api:80", "http://api"],
    ["http://api", "http://api:80/"],
    ["http://api:3000/base", "http://API:3000/"],
    ["https://api", "https://api:443"],
    ["unix:/run/app.sock", "unix:/run/app.sock"],
  ])("endpoint %s is found as %s", async (endpoint, key) => {
    const { app } = testGateway(to(endpoint), { [key]: where });
    expect((await app.request("/x")).status).toBe(200);
  });

  test.each([
    ["api:3000", 'upstreams: expected a URL .*found "api:3000".*did you mean "http://api:3000"'],
    ["http://api/base", 'upstreams: "http://api/base" names more than a server; write "http://api"'],
    ["unix:app.sock", "upstreams: .*absolute"],
    ["ftp://api", "upstreams: expected a URL"],
  ])("key %s is refused at once", (key, message) => {
    const create = (): unknown => memoryPlatform({ upstreams: { [key]: where } });
    expect(create).toThrow(TypeError);
    expect(create).toThrow(new RegExp(message));
  });

  test("server with two scripts, or with something else for one, is refused at once", () => {
    const twice = { "http://api": where, "http://api:80": where };
    expect(() => memoryPlatform({ upstreams: twice })).toThrow('"http://api" is given twice');
    const wrong = { "http://api": "here" } as unknown as Record<string, ScriptedUpstream>;
    expect(() => memoryPlatform({ upstreams: wrong })).toThrow("expected a function, found string");
  });

  test("server without a script refuses connections, and the failure names those that have one", async () => {
    const { app, failures } = testGateway(to("http://api:3000"), { "http://api": where });
    expect((await app.request("/")).status).toBe(502);
    expect(failures[0]?.error.message).toBe("nobody listens at http://api:3000; scripted: http://api");
  });

  const used = async (): Promise<Response> => {
    const response = new Response("read");
    await response.text();
    return response;
  };
  test.each<[string, () => unknown, string]>([
    ["nothing", () => undefined, "answered with undefined; expected a Response"],
    ["text", () => "text", "answered with a value of type string; expected a Response"],
    ["Response.error()", () => Response.error(), "throw to break the connection"],
    ["a body that was read", used, "body was read before"],
  ])("script that answers with %s is told of by its name", async (_what, script, message) => {
    const { app, failures } = testGateway(to("http://api"), { "http://api": script as ScriptedUpstream });
    expect((await app.request("/")).status).toBe(500);
    expect(failures[0]?.error.code).toBe("internal");
    expect(failures[0]?.error.message).toContain('scripted upstream "http://api"');
    expect(failures[0]?.error.message).toContain(message);
  });

  test("answer that comes too late is cancelled", async () => {
    const late = Promise.withResolvers<Response>();
    const { app, clock } = testGateway(to("http://api"), {
      "http://api": () => late.promise,
    });
    const response = app.request("/");
    await clock.advance(15_000);
    expect((await response).status).toBe(504);
    const cancelled = new Promise<void>((resolve) => {
      late.resolve(new Response(new ReadableStream({ cancel: () => resolve() })));
    });
    await cancelled;
    expect(clock.pending).toBe(0);
  });
});

describe("limits in memory", () => {
  test.each([
    ["reads", async (request: Request) => new Response(await request.text())],
    ["doesn't read", () => new Response("early")],
  ])(
    "content is counted where its length isn't told, also by an upstream that %s it",
    async (_how, script) => {
      const { app } = testGateway(to("http://api", { bodyBytes: 10 }), { "http://api": script });
      expect((await app.request("/", post("x".repeat(11)))).status).toBe(413);
      expect((await app.request("/", post("x".repeat(10)))).status).toBe(200);
    },
  );

  test("time for the whole exchange counts until the last byte", async () => {
    let given = "";
    const { app, clock } = testGateway(to("http://api", { timeouts: { total: "1s" } }), {
      "http://api": ({ signal }) => {
        signal.addEventListener("abort", () => (given += "signal "));
        return new Response(new ReadableStream({ cancel: () => void (given += "body") }));
      },
    });
    const reading = (await app.request("/")).text();
    await Promise.all([expect(reading).rejects.toThrow("the total time is over"), clock.advance(1_000)]);
    expect(given).toBe("signal body");
    expect(clock.pending).toBe(0);
  });

  test("answer without content leaves no timer behind", async () => {
    const { app, clock } = testGateway(to("http://api", { timeouts: { total: "1s" } }), {
      "http://api": () => new Response(null),
    });
    expect((await app.request("/")).status).toBe(200);
    expect(clock.pending).toBe(0);
  });

  test.each([
    ["unlimited content", { bodyBytes: "unlimited" }],
    ["limited content", {}],
  ])("time to the head counts from the end of %s that nobody reads", async (_what, route) => {
    const { app, clock } = testGateway(to("http://api", route), {
      "http://api": () => new Promise(() => {}),
    });
    const response = app.request("/", post("content"));
    await clock.advance(15_000);
    expect((await response).status).toBe(504);
  });

  test("client that leaves in the middle of a body ends the script", async () => {
    const client = new AbortController();
    const ended = Promise.withResolvers<void>();
    const { app } = testGateway(to("http://api"), {
      "http://api": () => new Response(new ReadableStream({ cancel: () => ended.resolve() })),
    });
    const response = await app.request("/", { signal: client.signal });
    client.abort();
    await ended.promise;
    await expect(response.text()).rejects.toMatchObject({ code: "client-closed" });
  });
});

describe("transport in memory", () => {
  const send = async (script: ScriptedUpstream, parts: Partial<AttemptParts> = {}): Promise<HttpReply> => {
    const { transport } = memoryPlatform({ upstreams: { "http://api": script } });
    const reply = await transport.send(
      testAttempt({ endpoint: testEndpoint({ url: "http://api" }), ...parts }),
    );
    if (reply.kind !== "http") throw new TypeError("a tunnel");
    return reply;
  };

  test("passes interim responses on, less what concerns one connection", async () => {
    const seen: [number, readonly string[]][] = [];
    const script: ScriptedUpstream = (_, { interim }) => {
      interim(103, ["Link", "</a.css>", "Connection", "x-hop", "X-Hop", "1"]);
      return new Response();
    };
    await send(script, { interim: (status, fields) => seen.push([status, fields]) });
    expect(seen).toEqual([[103, ["Link", "</a.css>"]]]);
  });

  test("brings trailers with the end of the body", async () => {
    const reply = await send((_, { trailers }) => {
      trailers(["x-sum", "1"]);
      return new Response("content");
    });
    const reader = readerOf(reply.body);
    expect([await reader.ended(), reader.text]).toEqual([["x-sum", "1"], "content"]);
  });

  test("fails content of another length than was announced", async () => {
    for (const [length, code] of [
      ["9", "upstream-reset"],
      ["3", "bad-upstream-response"],
    ] as const) {
      const reply = await send(() => new Response("content", { headers: { "content-length": length } }));
      expect(await readerOf(reply.body).ended()).toBe(code);
    }
  });

  test("shows methods and content that a Request can't have", async () => {
    const seen: string[] = [];
    const script: ScriptedUpstream = async (request, { content }) => {
      seen.push(`${request.method} ${content === null ? "-" : await new Response(content).text()}`);
      return new Response();
    };
    await send(script, { method: "TRACE" });
    await send(script, { body: bytesBody("content") });
    expect(seen).toEqual(["TRACE -", "GET content"]);
  });
});

test("onFailure that throws is ignored", async () => {
  const app = bind(memoryPlatform).gateway(
    { upstreams: { api: "http://api" } },
    {
      onFailure: () => {
        throw new Error("a broken log");
      },
    },
  );
  const response = await app.request("http://a.test/", { headers: { host: "a.test" } });
  expect([response.status, response.headers.get("content-type")]).toEqual([502, "application/problem+json"]);
});
