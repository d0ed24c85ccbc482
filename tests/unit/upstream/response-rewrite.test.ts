import { describe, expect, it } from "vitest";
import {
  type Places,
  clientCookie,
  clientFields,
  clientLocation,
} from "../../../src/upstream/response-rewrite.ts";

const places = (parts: {
  readonly client?: Partial<Places["client"]>;
  readonly upstream?: Partial<Places["upstream"]>;
}): Places => ({
  client: { scheme: "https", host: "app.example.com", prefix: "", ...parts.client },
  upstream: { scheme: "http", hosts: ["10.0.0.1:3000"], prefix: "", ...parts.upstream },
});

const plain = places({});
const stripped = places({ client: { prefix: "/app" } });
const based = places({ client: { prefix: "/app" }, upstream: { prefix: "/base" } });
const nested = places({ client: { prefix: "/api" }, upstream: { prefix: "/api/v2" } });
const added = places({ upstream: { prefix: "/api" } });
const preserved = places({
  client: { prefix: "/app" },
  upstream: { hosts: ["10.0.0.1:3000", "app.example.com"] },
});

const behindTls = places({ upstream: { hosts: ["app"] } });
const clear = places({ client: { scheme: "http" }, upstream: { hosts: ["app"] } });
const own = places({
  client: { scheme: "http", host: "a.test", prefix: "/app" },
  upstream: { hosts: ["a.test"] },
});

describe("location for the client", () => {
  it.each<[string, Places, string, string]>([
    [
      "names the client's host for the upstream's",
      plain,
      "http://10.0.0.1:3000/x?a=1#f",
      "https://app.example.com/x?a=1#f",
    ],
    ["has a path where the upstream's had none", plain, "http://10.0.0.1:3000", "https://app.example.com/"],
    ["keeps a query right behind the host", plain, "http://10.0.0.1:3000?a", "https://app.example.com/?a"],
    ["knows the host without a scheme", plain, "//10.0.0.1:3000/x", "https://app.example.com/x"],
    ["gets its prefix back", stripped, "/login?a=1", "/app/login?a=1"],
    [
      "gets its prefix back behind the host",
      stripped,
      "http://10.0.0.1:3000/login",
      "https://app.example.com/app/login",
    ],
    ["keeps a prefix that is there", stripped, "/app/login", "/app/login"],
    ["takes a longer name for another path", stripped, "/apple", "/app/apple"],
    ["loses the base path", based, "/base/x", "/app/x"],
    ["stays outside of the base path", based, "/other/x", "/other/x"],
    ["finds the longer prefix first", nested, "/api/v2/x", "/api/x"],
    ["is the whole server where the prefix is all of it", added, "/api", "/"],
    ["keeps a query behind a prefix that is all of it", added, "/api?a=1", "/?a=1"],
    ["names no host behind a prefix", added, "/api//evil.example/x", "/evil.example/x"],
    ["names no host by a backslash behind a prefix", added, "/api/\\evil.example", "/evil.example"],
    ["names no host by a tab behind a prefix", added, "/api/\t/evil.example", "/evil.example"],
    ["names no host by a prefix", places({ client: { prefix: "//evil.example" } }), "/x", "/evil.example/x"],
    ["keeps slashes behind a host", plain, "http://10.0.0.1:3000//x", "https://app.example.com//x"],
    ["stays with another host", stripped, "https://login.example.com/x", "https://login.example.com/x"],
    ["stays with another port", plain, "http://10.0.0.1:4000/x", "http://10.0.0.1:4000/x"],
    ["stays where it is relative", stripped, "next?page=2", "next?page=2"],
    ["stays where it is no URL of the web", stripped, "mailto:a@example.com", "mailto:a@example.com"],
    [
      "keeps the scheme of the client's own host",
      preserved,
      "http://app.example.com/x",
      "http://app.example.com/app/x",
    ],
    [
      "is not touched on the client's own host below the prefix",
      preserved,
      "http://app.example.com/app/x",
      "http://app.example.com/app/x",
    ],
    [
      "stays with the upstream's host under a scheme that neither side speaks",
      clear,
      "https://app/x",
      "https://app/x",
    ],
    [
      "knows the upstream's host under the client's scheme",
      behindTls,
      "https://app/x",
      "https://app.example.com/x",
    ],
    ["knows the upstream's host under its own", behindTls, "http://app/x", "https://app.example.com/x"],
    ["stays with the port of the other scheme", behindTls, "http://app:443/x", "http://app:443/x"],
    [
      "keeps the client's host under a scheme that neither side speaks",
      own,
      "https://a.test/x",
      "https://a.test/app/x",
    ],
  ])("%s", (_, at, location, expected) => {
    expect(clientLocation(location, at)).toBe(expected);
  });

  it("is a path where the client's host is not known", () => {
    const nameless = places({ client: { host: "" } });
    expect(clientLocation("http://10.0.0.1:3000/x", nameless)).toBe("/x");
    expect(clientLocation("http://10.0.0.1:3000//evil.example", nameless)).toBe("/evil.example");
  });
});

describe("cookie for the client", () => {
  it.each<[string, Places, string, string]>([
    ["loses the upstream's domain", plain, "a=b; Domain=10.0.0.1; Path=/; Secure", "a=b; Path=/; Secure"],
    ["keeps another domain", plain, "a=b; Domain=example.com; Secure", "a=b; Domain=example.com; Secure"],
    [
      "keeps the client's own domain",
      preserved,
      "a=b; Domain=.app.example.com; Secure",
      "a=b; Domain=.app.example.com; Secure",
    ],
    ["gets its prefix back", stripped, "a=b; path=/admin; Secure", "a=b; path=/app/admin; Secure"],
    ["is one of the whole prefix", stripped, "a=b; Path=/; Secure", "a=b; Path=/app; Secure"],
    [
      "is one of the whole server where the prefix is all of its path",
      added,
      "a=b; Path=/api; Secure",
      "a=b; Path=/; Secure",
    ],
    [
      "stays at the root where its name demands that",
      stripped,
      "__Host-a=b; Path=/; Secure",
      "__Host-a=b; Path=/; Secure",
    ],
    ["keeps spaces before a path", stripped, "a=b; Path = /x ; secure", "a=b; Path = /app/x; secure"],
    ["becomes Secure behind TLS", plain, "a=b; HttpOnly", "a=b; HttpOnly; Secure"],
    ["keeps an equals sign and a name like an attribute", plain, "path=/x==; Secure", "path=/x==; Secure"],
  ])("%s", (_, at, cookie, expected) => {
    expect(clientCookie(cookie, at)).toBe(expected);
  });

  it("takes time by its length, whatever stands in it", () => {
    const spaces = " ".repeat(200_000);
    const started = performance.now();
    for (const name of ["Domain", "Path"]) clientCookie(`a=b; ${name}=/${spaces}x`, stripped);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it("is left as it is by http", () => {
    expect(clientCookie("a=b", places({ client: { scheme: "http" } }))).toBe("a=b");
  });
});

describe("fields for the client", () => {
  it("are the same list where there is nothing to rewrite", () => {
    const fields = ["content-type", "text/plain", "x-length", "1"];
    const never = (): never => {
      throw new Error("asked");
    };
    expect(clientFields(fields, { location: true, cookies: true }, never)).toBe(fields);
  });

  it("are rewritten one by one, and only what was asked for", () => {
    const fields = ["Location", "/x", "Set-Cookie", "a=b; Path=/y; Secure", "set-cookie", "c=d; Secure"];
    const of = (location: boolean, cookies: boolean): readonly string[] =>
      clientFields(fields, { location, cookies }, () => stripped);
    expect(of(true, true)).toEqual([
      "Location",
      "/app/x",
      "Set-Cookie",
      "a=b; Path=/app/y; Secure",
      "set-cookie",
      "c=d; Secure",
    ]);
    expect(of(false, true)[1]).toBe("/x");
    expect(of(true, false)[3]).toBe("a=b; Path=/y; Secure");
  });
});
