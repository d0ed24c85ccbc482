import { describe, expect, it } from "vitest";
import { compileTrusted, resolveClient, serialiseForwarded } from "../../../src/http/forwarded.ts";

const TRUSTED = compileTrusted(["10.0.0.0/8", "2001:db8:ffff::/48"]);

const resolve = (peer: string, ...pairs: string[]) =>
  resolveClient(pairs, { address: peer }, "http", "edge.example", TRUSTED);

describe("resolveClient with an untrusted peer", () => {
  it("believes nothing and drops everything that tells of an origin", () => {
    const result = resolve(
      "203.0.113.9",

      "X-Forwarded-For",
      "10.0.0.1",
      "Forwarded",
      "for=10.0.0.1;proto=https",
      "X-Forwarded-Proto",
      "https",
      "X-Forwarded-Host",
      "evil",
      "X-Forwarded-User",
      "root",
      "X-Real-IP",
      "10.0.0.1",
      "X-Fine",
      "1",
    );
    expect(result).toEqual({
      address: "203.0.113.9",
      scheme: "http",
      host: "edge.example",
      forwardedPort: undefined,
      trustedPeer: false,
      forwardedFor: "203.0.113.9",
      drop: [
        "x-forwarded-for",
        "forwarded",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-user",
        "x-real-ip",
      ],
    });
  });

  it("knows nobody where the runtime does not tell the peer", () => {
    expect(resolve("", "X-Forwarded-For", "192.0.2.1")).toMatchObject({
      address: "",
      forwardedFor: "",
      trustedPeer: false,
    });
  });

  it("takes the IPv4 mapping off", () => {
    expect(resolve("::ffff:203.0.113.9").address).toBe("203.0.113.9");
    expect(resolve("::ffff:10.0.0.1").trustedPeer).toBe(true);
  });
});

describe("resolveClient and X-Forwarded-Port", () => {
  it.each([
    ["a port", ["X-Forwarded-Port", "8443"], 8443],
    [
      "the client's of a list as long as that of the hops",
      ["X-Forwarded-For", "192.0.2.1, 10.0.0.2", "X-Forwarded-Port", "8443, 80"],
      8443,
    ],
    ["the peer's word of another list", ["X-Forwarded-For", "192.0.2.1", "X-Forwarded-Port", "1, 443"], 443],
    ["nothing where it is none", ["X-Forwarded-Port", "0"], undefined],
    ["nothing where it is too large", ["X-Forwarded-Port", "65536"], undefined],
    ["nothing where it is text", ["X-Forwarded-Port", "https"], undefined],
    ["nothing where it is not sent", ["X-Forwarded-Proto", "https"], undefined],
  ] as const)("believes %s of a trusted peer", (_, pairs, expected) => {
    expect(resolve("10.0.0.1", ...pairs)).toMatchObject({ forwardedPort: expected });
  });

  it("believes no untrusted peer, and drops the field of either", () => {
    const pairs = ["X-Forwarded-Port", "8443"];
    expect(resolve("203.0.113.9", ...pairs)).toMatchObject({
      forwardedPort: undefined,
      drop: ["x-forwarded-port"],
    });
    expect(resolve("10.0.0.1", ...pairs).drop).toEqual(["x-forwarded-port"]);
  });

  it("counts for more than Forwarded, as the other X-Forwarded fields do", () => {
    const result = resolve("10.0.0.1", "Forwarded", "for=192.0.2.9;proto=https", "X-Forwarded-Port", "8443");
    expect(result).toMatchObject({ address: "10.0.0.1", scheme: "http", forwardedPort: 8443 });
  });
});

describe("resolveClient with a trusted peer", () => {
  it.each([
    ["one hop", "203.0.113.9", "203.0.113.9", "203.0.113.9, 10.0.0.1"],
    ["a forged entry in front", "1.1.1.1, 203.0.113.9", "203.0.113.9", "203.0.113.9, 10.0.0.1"],
    ["trusted hops behind", "203.0.113.9, 10.9.9.9", "203.0.113.9", "203.0.113.9, 10.9.9.9, 10.0.0.1"],
    ["a forged trusted address", "10.7.7.7, 203.0.113.9", "203.0.113.9", "203.0.113.9, 10.0.0.1"],
    ["trusted hops alone", "10.2.2.2, 10.3.3.3", "10.2.2.2", "10.2.2.2, 10.3.3.3, 10.0.0.1"],
    ["a malformed client", "evil, 10.3.3.3", "10.3.3.3", "10.3.3.3, 10.0.0.1"],
    ["a malformed last entry", "203.0.113.9, evil", "10.0.0.1", "10.0.0.1"],
    ["an empty last entry", "203.0.113.9,", "10.0.0.1", "10.0.0.1"],
    ["unknown", "unknown", "10.0.0.1", "10.0.0.1"],
    ["an IPv6 client", "2001:DB8::7", "2001:db8::7", "2001:db8::7, 10.0.0.1"],
    ["brackets and port", "[2001:db8::7]:4711", "2001:db8::7", "2001:db8::7, 10.0.0.1"],
    ["IPv4 and port", "203.0.113.9:4711", "203.0.113.9", "203.0.113.9, 10.0.0.1"],
    ["a mapped client", "::ffff:203.0.113.9", "203.0.113.9", "203.0.113.9, 10.0.0.1"],
    ["nothing", "", "10.0.0.1", "10.0.0.1"],
  ])("walks X-Forwarded-For with %s", (_, value, address, forwardedFor) => {
    expect(resolve("10.0.0.1", "X-Forwarded-For", value)).toMatchObject({
      address,
      forwardedFor,
      trustedPeer: true,
    });
  });

  it("reads several fields as one list", () => {
    expect(
      resolve("10.0.0.1", "X-Forwarded-For", "1.1.1.1", "x-forwarded-for", "203.0.113.9, 10.2.2.2").address,
    ).toBe("203.0.113.9");
  });

  it("takes scheme and host that belong to the client's entry", () => {
    const result = resolve(
      "10.0.0.1",
      "X-Forwarded-For",
      "6.6.6.6, 203.0.113.9, 10.2.2.2",
      "X-Forwarded-Proto",
      "http, https, http",
      "X-Forwarded-Host",
      "a, Shop.example:8443, inner",
    );
    expect(result).toMatchObject({ scheme: "https", host: "shop.example:8443" });
  });

  it("takes the last of a list that does not fit the hops", () => {
    expect(
      resolve("10.0.0.1", "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "http, https").scheme,
    ).toBe("https");
  });

  it("believes a scheme without addresses", () => {
    expect(resolve("10.0.0.1", "X-Forwarded-Proto", "HTTPS")).toMatchObject({
      scheme: "https",
      address: "10.0.0.1",
      drop: ["x-forwarded-proto"],
    });
  });

  it("keeps its own scheme and host where the peer's make no sense", () => {
    expect(
      resolve("10.0.0.1", "X-Forwarded-Proto", "gopher", "X-Forwarded-Host", "a/b, evil@x"),
    ).toMatchObject({ scheme: "http", host: "edge.example" });
  });

  it("walks Forwarded where there is no X-Forwarded field", () => {
    const value =
      'for=6.6.6.6;host=evil, for="[2001:db8::7]:4711";proto=https;host="shop.example:8443", for=10.2.2.2';
    expect(resolve("10.0.0.1", "Forwarded", value)).toEqual({
      address: "2001:db8::7",
      scheme: "https",
      host: "shop.example:8443",
      trustedPeer: true,
      forwardedFor: "2001:db8::7, 10.2.2.2, 10.0.0.1",
      drop: ["forwarded"],
    });
  });

  it.each([
    ["an unclosed quote of the client's", 'for="6.6.6.6, for=203.0.113.9', "203.0.113.9"],
    ["a pseudonym", "for=_hidden, for=10.2.2.2", "10.2.2.2"],
    ["an element without for", "for=203.0.113.9, proto=https", "10.0.0.1"],
    ["a repeated parameter", "for=203.0.113.9;for=6.6.6.6", "10.0.0.1"],
  ])("stops Forwarded at %s", (_, value, address) => {
    expect(resolve("10.0.0.1", "Forwarded", value).address).toBe(address);
  });

  it("ignores Forwarded beside X-Forwarded fields, which proxies pass on unread", () => {
    const forged = ["Forwarded", "for=6.6.6.6;proto=https;host=evil"];
    expect(resolve("10.0.0.1", ...forged, "X-Forwarded-For", "203.0.113.9")).toMatchObject({
      address: "203.0.113.9",
      scheme: "http",
      host: "edge.example",
      drop: ["forwarded", "x-forwarded-for"],
    });
    expect(resolve("10.0.0.1", ...forged, "X-Forwarded-Proto", "http").address).toBe("10.0.0.1");
  });

  it("lets other fields of the trusted peer pass", () => {
    expect(resolve("10.0.0.1", "X-Forwarded-User", "ann", "X-Real-IP", "1.2.3.4").drop).toEqual([]);
  });
});

describe("trusted ranges", () => {
  const unix = { address: "", isUnix: true };

  it("include nobody unknown", () => {
    expect(TRUSTED.includes({ address: "" })).toBe(false);
    expect(TRUSTED.includes({ address: "10.1.1.1" })).toBe(true);
    expect(compileTrusted([]).includes({ address: "10.1.1.1" })).toBe(false);
    expect(compileTrusted(["unix"]).includes({ address: "" })).toBe(false);
  });

  it("include who connects to a Unix socket where they say so", () => {
    expect(TRUSTED.includes(unix)).toBe(false);
    expect(compileTrusted(["unix"]).includes(unix)).toBe(true);
    expect(compileTrusted(["unix", "10.0.0.0/8"]).includes({ address: "10.1.1.1" })).toBe(true);
    expect(compileTrusted(["unix"]).includes({ address: "10.1.1.1" })).toBe(false);
  });
});

describe("resolveClient with a peer at a Unix socket", () => {
  const resolveUnix = (trusted: readonly string[], ...pairs: string[]) =>
    resolveClient(pairs, { address: "", isUnix: true }, "http", "edge.example", compileTrusted(trusted));

  it("believes it where the config says so, and leaves it out of the chain", () => {
    const pairs = ["X-Forwarded-For", "6.6.6.6, 203.0.113.9, 10.0.0.1", "X-Forwarded-Proto", "https"];
    expect(resolveUnix(["unix", "10.0.0.0/8"], ...pairs)).toMatchObject({
      address: "203.0.113.9",
      scheme: "https",
      trustedPeer: true,
      forwardedFor: "203.0.113.9, 10.0.0.1",
    });
  });

  it("knows nobody otherwise", () => {
    expect(resolveUnix(["10.0.0.0/8"], "X-Forwarded-For", "10.0.0.1")).toMatchObject({
      address: "",
      trustedPeer: false,
      forwardedFor: "",
      drop: ["x-forwarded-for"],
    });
  });
});

describe("fields about a client's certificate (RFC 9440)", () => {
  const pairs = ["Client-Cert", ":AAAA:", "client-cert-chain", ":AAAA:", "Client-Certs", "x"];

  it("are dropped from strangers, and kept from trusted proxies", () => {
    expect(resolve("203.0.113.9", ...pairs).drop).toEqual(["client-cert", "client-cert-chain"]);
    expect(resolve("10.0.0.1", ...pairs).drop).toEqual([]);
  });
});

describe("serialiseForwarded", () => {
  it("writes one element a hop, quoted where it must be", () => {
    const client = {
      address: "2001:db8::7",
      scheme: "https",
      host: "shop.example:8443",
      forwardedFor: "2001:db8::7, 10.0.0.1",
    } as const;
    expect(serialiseForwarded(client)).toBe(
      'for="[2001:db8::7]";host="shop.example:8443";proto=https, for=10.0.0.1',
    );
  });

  it("says unknown where nobody is known", () => {
    const client = { address: "", scheme: "http", host: "a", forwardedFor: "" } as const;
    expect(serialiseForwarded(client)).toBe("for=unknown;host=a;proto=http");
  });
});
