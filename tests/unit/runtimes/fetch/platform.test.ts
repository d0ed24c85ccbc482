import { describe, expect, test } from "vitest";
import { platform } from "../../../../runtimes/fetch/mod.ts";
import { bunServerRequest } from "../../../../runtimes/bun/server-request.ts";
import { denoServerRequest } from "../../../../runtimes/deno/server-request.ts";
import { nodeServerRequest } from "../../../../runtimes/node/server-request.ts";

const request = (headers: Record<string, string> = {}): Request =>
  new Request("http://shop.test/", { headers });

describe("platform over fetch", () => {
  test("believes no field about the client", () => {
    const headers = {
      "cf-connecting-ip": "203.0.113.9",
      "x-real-ip": "203.0.113.9",
      "x-forwarded-for": "203.0.113.9",
    };
    expect(platform().arrive(request(headers), undefined).peer.address).toBe("");
  });

  test("promises nothing that fetch can't do", () => {
    expect([...platform().capabilities]).toEqual([]);
  });
});

describe("events of upstreams over fetch", () => {
  test("go to the function that was given", () => {
    const seen: string[] = [];
    const { telemetry } = platform({ onUpstreamEvent: ({ kind }) => void seen.push(kind) });
    telemetry.upstreamEvent?.({ kind: "panic", upstream: "app" });
    expect(seen).toEqual(["panic"]);
  });
});

describe("server's word on a request", () => {
  test("is node-server's bindings", () => {
    const socket = { remoteAddress: "::ffff:192.0.2.7", remotePort: 4711, localPort: 8080 };
    const incoming = { httpVersion: "1.1", url: "/a", rawHeaders: ["Host", "x"], socket };
    const told = nodeServerRequest(request(), { incoming, outgoing: {} });
    expect(told?.peer?.()).toEqual({ address: "192.0.2.7", port: 4711 });
    expect(told).toMatchObject({
      localPort: 8080,
      version: "1.1",
      rawTarget: "/a",
      rawFields: ["Host", "x"],
    });
    const secure = { ...incoming, httpVersion: "2.0", rawHeaders: [":path", "/"] };
    expect(nodeServerRequest(request(), { incoming: secure })?.rawFields).toBeUndefined();
    expect(told?.isOriginal?.(request())).toBe(false);
    const served = Object.create(Object.create(Request.prototype) as object) as Request;
    expect(told?.isOriginal?.(served)).toBe(true);
  });

  test("is Deno's info", () => {
    const told = denoServerRequest(request(), { remoteAddr: { hostname: "192.0.2.7", port: 4711 } });
    expect(told?.peer?.()).toEqual({ address: "192.0.2.7", port: 4711 });
    expect(told?.isOriginal?.(request())).toBe(false);
  });

  test("is Bun's server, which knows the requests that it made", () => {
    const original = request();
    const server = {
      requestIP: (asked: Request) => (asked === original ? { address: "192.0.2.7", port: 4711 } : null),
    };
    for (const env of [server, { server }]) {
      const told = bunServerRequest(original, env);
      expect(told?.peer?.()).toEqual({ address: "192.0.2.7", port: 4711 });
      expect([told?.isOriginal?.(original), told?.isOriginal?.(request())]).toEqual([true, false]);
    }
  });

  test.each([[undefined], [{}], ["env"], [{ incoming: {} }]])("is none without such a server (%j)", (env) => {
    expect(
      [nodeServerRequest, denoServerRequest, bunServerRequest].map((read) => read(request(), env)),
    ).toEqual([undefined, undefined, undefined]);
  });
});
