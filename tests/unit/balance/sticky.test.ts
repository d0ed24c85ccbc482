import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../runtimes/memory/random.ts";
import { customBalancer } from "../../../src/balance/custom.ts";
import { hashKey } from "../../../src/balance/hash-key.ts";
import { type StickyOptions, stickyCookie } from "../../../src/balance/sticky.ts";
import { leastLoadedOfTwo } from "../../../src/balance/two-choices.ts";
import { NO_BODY } from "../../../src/core/body.ts";
import type { EndpointSet } from "../../../src/core/endpoint-state.ts";
import type { Exchange } from "../../../src/core/exchange.ts";
import type { HttpReply } from "../../../src/core/reply.ts";
import { firstValue } from "../../../src/http/headers.ts";
import { testExchange } from "../../support/attempt.ts";
import { endpointSet, nameOf, selection } from "../../support/endpoints.ts";

const set = endpointSet({ a: 1, b: 1, c: 1 });

const rig = (more: Partial<StickyOptions> = {}) => {
  const otherwise = leastLoadedOfTwo(seededRandom(3));
  const sign = async (text: string): Promise<string> => `mac-${btoa(text).replaceAll("=", "")}`;
  const { balancer, layer } = stickyCookie({ cookie: "at", sign, otherwise, ...more });
  const ask = async (
    exchange: Exchange,
    eligible: (name: string) => boolean = () => true,
    members: EndpointSet = set,
  ): Promise<{ readonly name: string; readonly cookie: string | undefined }> => {
    let name = "none";
    const service = layer(() => members)(async (inner) => {
      const member = balancer.pick(members, selection({ exchange: inner, eligible }));
      name = nameOf(member);
      inner.trail.endpoint = member?.endpoint;
      return { kind: "http", status: 200, fields: [], body: NO_BODY };
    });
    const reply = (await service(exchange)) as HttpReply;
    return { name, cookie: firstValue(reply.fields, "set-cookie") };
  };
  return { ask };
};

const TUNNEL = {
  kind: "tunnel",
  protocol: "websocket",
  fields: [],
  tunnel: { kind: "native", webSocket: undefined },
} as const;

const withCookie = (value: string): Exchange => testExchange({ fields: ["Cookie", `x=1; at=${value}`] });
const tokenOf = (cookie: string | undefined): string => /^at=([^;]*)/.exec(cookie ?? "")?.[1] ?? "";

describe("sticky cookie", () => {
  test("keeps a client at the endpoint that answered first", async () => {
    const { ask } = rig();
    const first = await ask(testExchange());
    expect(first.cookie).toMatch(/^at=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
    for (let i = 0; i < 10; i++) {
      expect(await ask(withCookie(tokenOf(first.cookie)))).toEqual({ name: first.name, cookie: undefined });
    }
  });

  test("is set with a tunnel too", async () => {
    const { layer } = stickyCookie({
      cookie: "at",
      sign: async () => "mac",
      otherwise: leastLoadedOfTwo(seededRandom(3)),
    });
    const service = layer(() => set)(async ({ trail }) => {
      trail.endpoint = set.members[0]?.endpoint;
      return TUNNEL;
    });
    const reply = await service(testExchange());
    expect(reply.kind).toBe("tunnel");
    expect(firstValue(reply.fields, "set-cookie")).toMatch(/^at=mac;/);
  });

  test("moves a client whose endpoint may not be tried, and says so by another cookie", async () => {
    const { ask } = rig();
    const first = await ask(testExchange());
    const moved = await ask(withCookie(tokenOf(first.cookie)), (name) => name !== first.name);
    expect(moved.name).not.toBe(first.name);
    expect(tokenOf(moved.cookie)).not.toBe(tokenOf(first.cookie));
  });

  test("waits for no signature of another request, which may have ended", async () => {
    let calls = 0;
    const sign = (text: string): Promise<string> => {
      calls += 1;
      return calls === 1 ? new Promise(() => {}) : Promise.resolve(`mac-${btoa(text).replaceAll("=", "")}`);
    };
    const { ask } = rig({ sign });
    void ask(testExchange());
    expect((await ask(testExchange())).cookie).toBeDefined();
  });

  test("disregards a value that it did not sign", async () => {
    const forged = await rig().ask(withCookie("http://a.test"));
    expect(forged.cookie).toBeDefined();
  });

  test("keeps clients where they are when the set changes", async () => {
    const { ask } = rig();
    const first = await ask(testExchange());
    const grown = endpointSet({ z: 1, a: 1, b: 1, c: 1 });
    for (let i = 0; i < 10; i++) {
      const { name } = await ask(withCookie(tokenOf(first.cookie)), () => true, grown);
      expect(name).toBe(first.name);
    }
  });

  test("is Secure towards clients that use TLS, and keeps the attributes that were asked for", async () => {
    const { ask } = rig({ maxAgeSeconds: 60, sameSite: "Strict" });
    const exchange = testExchange();
    const secure = { ...exchange, client: { ...exchange.client, scheme: "https" as const } };
    const { cookie } = await ask(secure);
    expect(cookie).toMatch(/; Path=\/; Max-Age=60; HttpOnly; SameSite=Strict; Secure$/);
  });
});

describe("hash key", () => {
  const exchange = testExchange({
    target: "/a/b?user=7&x",
    fields: ["X-Tenant", "t1", "Cookie", "s=abc; at=1", "X-Hidden", "no"],
  });

  test("is the client's address, a field, a cookie, a parameter or the path", () => {
    expect(hashKey({ from: "ip" })(exchange)).toBe("127.0.0.1");
    expect(hashKey({ from: "header", name: "x-TENANT" })(exchange)).toBe("t1");
    expect(hashKey({ from: "cookie", name: "s" })(exchange)).toBe("abc");
    expect(hashKey({ from: "query", name: "user" })(exchange)).toBe("7");
    expect(hashKey({ from: "path" })(exchange)).toBe("/a/b");
  });

  test("is undefined where the request has none, and for fields that are disregarded", () => {
    expect(hashKey({ from: "cookie", name: "none" })(exchange)).toBeUndefined();
    const hidden = { ...exchange, disregarded: ["x-hidden"] };
    expect(hashKey({ from: "header", name: "X-Hidden" })(hidden)).toBeUndefined();
  });
});

describe("custom policy", () => {
  const otherwise = leastLoadedOfTwo(seededRandom(3));

  test("chooses among eligible endpoints with their loads", () => {
    const loaded = endpointSet({ a: 1, b: 1, c: 1 });
    for (const { state, index } of loaded.members) state.inFlight = index;
    const most = customBalancer((all) => all.toSorted((x, y) => y.inFlight - x.inFlight)[0], otherwise);
    expect(nameOf(most.pick(loaded, selection()))).toBe("c");
    expect(nameOf(most.pick(loaded, selection({ eligible: (name) => name !== "c" })))).toBe("b");
  });

  test("leaves the choice to the default where it returns something else", () => {
    const odd = customBalancer(() => ({ endpoint: {} as never, inFlight: 0 }), otherwise);
    expect(odd.pick(set, selection())).toBeDefined();
  });
});
