import { describe, expect, it } from "vitest";
import { addressUrl, networkText } from "../../../cli/listening.ts";
import { DEFAULT_FILES } from "../../../src/config/config-file.ts";
import { hmac } from "../../../runtimes/hmac.ts";
import { ServeError } from "../../../runtimes/serving.ts";
import { runCli } from "../../support/cli-host.ts";
import { readSource } from "../../support/sources.ts";

const CONFIG = JSON.stringify({
  upstreams: {
    api: { endpoints: ["http://10.0.0.1:3000", { url: "http://10.0.0.2:3000", weight: 2 }] },
    site: "http://10.0.0.9",
  },
  routes: [
    {
      name: "api",
      match: { host: "api.example.com", path: "/v1/*", method: "GET" },
      upstream: "api",
      rewrite: { stripPrefix: true },
      requestHeaders: { set: { "x-token": "${env:TOKEN}", "x-client": "${client.address}" } },
    },
    { name: "moved", match: { path: "/old" }, redirect: { status: 308, path: "/new" } },
    { name: "site", match: { host: "www.example.com" }, upstream: "site" },
  ],
});

const files = { "fairlead.json": CONFIG };
const env = { TOKEN: "s3cret-value" };

describe("usage", () => {
  it("lists the commands and the exit codes in the help of the program and of each command", async () => {
    for (const args of [
      ["--help"],
      ...["start", "check", "explain", "schema", "init"].map((c) => [c, "--help"]),
    ]) {
      const { code, stdout, stderr } = await runCli(args);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^Usage: fairlead/);
      expect(stdout).toContain("Exit codes:");
    }
  });

  it("prints the version", async () => {
    expect((await runCli(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [["--prot", "80"], "unknown option '--prot'", "--port"],
    [["--confg", "a.json"], "unknown option '--confg'", 'see "fairlead start --help"'],
    [["--config", "missing.ts"], "missing.ts: there is no such file", "fairlead init"],
    [["chekc"], '"chekc" is neither a command nor a URL', "fairlead check"],
    [["localhost:3000"], "neither a command nor a URL", "http://localhost:3000"],
    [["3000"], "neither a command nor a URL", "http://localhost:3000"],
    [["fairlead.yaml"], "neither a command nor a URL", "--config fairlead.yaml"],
    [["--port", "99999"], "99999", "from 0 (any free port) to 65535"],
    [["check", "extra"], "too many arguments", "fairlead check --help"],
    [["check", "--prnt"], "unknown option '--prnt'", 'see "fairlead check --help"'],
    [["explain", "--form", "::1", "http://a/"], "unknown option '--form'", 'see "fairlead explain --help"'],
    [["check", "--config", "site.toml"], "unknown kind of file", "--config"],
    [["explain", "GET", "http://a/", "--from", "abc"], '--from is "abc"', "192.0.2.1"],
    [["http://localhost:3000", "--watch"], "--watch is for config files", "leave --watch out"],
    [["--watch"], "--watch is for config files", "name one with --config"],
    [["http://localhost:3000", "--config", "x.json"], "exclude each other", "one of them"],
    [["--config", "nope.json"], "nope.json: there is no such file", "--config"],
    [["check"], "there is no config in /app", "fairlead init"],
    [["check", "--runtime", "nod"], 'no runtime "nod"', "workers"],
    [["explain", "GET", "/v1/x"], '"/v1/x" is not a whole URL', "https://"],
    [["explain", "GET", "me:hunter2@a/x"], '"***@a/x" is not a whole URL', "https://"],
    [["explain", "GET", "http://a/", "-H", "x-a hunter2"], '"x-a …" is not a header field', "-H"],
    [["me:hunter2@localhost:3000"], '"***@localhost:3000" is neither', "--help"],
    [["http://me:hunter2@a:1"], 'found "http://***@a:1"; leave the credentials out', "authorization"],
    [["--config", "a.json", "-c", "b.json"], "--config is given twice", "once"],
    [["-p", "1", "-p", "2"], "--port is given twice", "once"],
    [["explain", "http://a/", "--from", "::1", "--from", "::2"], "--from is given twice", "once"],
    [["explain"], "missing required argument", "--help"],
    [["init", "fairlead.toml"], "fairlead.toml", ".jsonc"],
  ])("answers %j with a sentence, what to do and exit code 2", async (args, sentence, advice) => {
    const { code, stdout, stderr } = await runCli(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(sentence);
    expect(stderr).toContain(advice);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("says that a command whose help is asked for is not there", async () => {
    const { code, stdout, stderr } = await runCli(["help", "nonsense"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("error: there is no such command");
  });

  it("says of a misspelt variable what was meant, and nothing of files", async () => {
    const { code, stderr } = await runCli(["check"], { files, env: { ...env, FAIRLEAD_LISTEN_PROT: "1" } });
    expect(code).toBe(2);
    expect(stderr).toBe(
      "error: FAIRLEAD_LISTEN_PROT: unknown variable; did you mean FAIRLEAD_LISTEN_PORT?\n",
    );
  });

  it.each([
    ["schema", "-o", "no/where.json"],
    ["init", "no/where.jsonc"],
  ])("says why a file can't be written by %s", async (...args) => {
    const { code, stderr } = await runCli(args, { writable: false });
    expect(code).toBe(1);
    expect(stderr).toMatch(/can't write no\/where\.jsonc?: its directory does not exist\n/);
  });

  it.each([
    ["EISDIR", "it is a directory"],
    ["EACCES", "no permission"],
    ["ENOTDIR", "its directory does not exist"],
  ])("says what init has against a path that can't be read (%s)", async (code, reason) => {
    const { code: exit, stderr } = await runCli(["init", "there.jsonc"], {
      unreadable: { "there.jsonc": code },
    });
    expect(exit).toBe(1);
    expect(stderr).toBe(`error: can't write there.jsonc: ${reason}\n  name another file\n`);
  });

  it.each([
    [80, 8080],
    [1023, 8080],
    [3000, 3001],
    [65_535, 8080],
  ])("advises a port that can be had where %i can't", async (port, other) => {
    const { code, stderr } = await runCli(["http://a", "--port", String(port)], {
      serveError: new ServeError("can't listen"),
    });
    expect(code).toBe(1);
    expect(stderr).toContain(`--port ${other}\n`);
  });

  it.each([
    [{}, "fairlead"],
    [{ npm_lifecycle_event: "npx" }, "npx fairlead"],
    [{ npm_lifecycle_event: "start" }, "npm start --"],
    [{ npm_lifecycle_event: "start:bun" }, "npm run start:bun --"],
  ])("calls itself what it was called, with %j", async (called, name) => {
    const said = async (...args: readonly string[]): Promise<string> => {
      const { stdout, stderr } = await runCli(args, { env: called });
      return stdout + stderr;
    };
    expect(await said("check")).toContain(`"${name} init"`);
    expect(await said("chekc")).toContain(`did you mean "${name} check"?`);
    expect(await said("nonsense")).toContain(`see "${name} --help"`);
    expect(await said("--prot")).toContain(`see "${name} start --help"`);
    expect(await said("-c", "nope.json")).toContain(`"${name} init"`);
    expect(await said("init")).toContain(`${name} check, ${name} start`);
  });

  it("lists every name of a config file that is looked for", async () => {
    for (const command of ["start", "check", "explain"]) {
      const { stdout } = await runCli([command, "--help"]);
      for (const name of DEFAULT_FILES) expect(stdout).toContain(name);
    }
  });

  it("mentions the options of start in the help of the program", async () => {
    expect((await runCli(["--help"])).stdout).toContain("fairlead start --help");
  });

  it("colours only terminals that want it", async () => {
    const escape = "\u001b[";
    expect((await runCli(["check"], { files, env })).stderr).not.toContain(escape);
    expect((await runCli(["check"], { files, env, tty: true })).stderr).toContain(escape);
    const refused = await runCli(["check"], { files, env: { ...env, NO_COLOR: "1" }, tty: true });
    expect(refused.stderr).not.toContain(escape);
  });
});

/** What check says on standard error, and nothing on standard output. */
const verdictOn = async (input: object, name = "fairlead.json"): Promise<string> => {
  const text = JSON.stringify(input, null, 2);
  const { code, stdout, stderr } = await runCli(["check"], { files: { [name]: text } });
  expect([code, stdout]).toEqual([0, ""]);
  return stderr;
};

describe("check", () => {
  it("says no more than its verdict of a config that is good", async () => {
    const { code, stdout, stderr } = await runCli(["check"], { files, env });
    expect([code, stdout, stderr]).toEqual([0, "", "ok: fairlead.json: 3 routes, 2 upstreams\n"]);
  });

  it("warns of a route that has the match of an earlier one", async () => {
    const match = { path: "/a/*", method: ["GET", "POST"], headers: { "x-a": "1", "x-b": true } };
    const again = { method: ["POST", "GET"], path: "/a/*", headers: { "X-B": true, "x-a": "1" } };
    const said = await verdictOn({
      routes: [
        { match, respond: {} },
        { match: [{ path: "/b" }, again], respond: {} },
        { match: { path: "/a/*" }, respond: {} },
      ],
    });
    expect(said).toMatch(/^ok: fairlead\.json: 3 routes, 0 upstreams\n\nwarning: fairlead\.json:\d+:\d+: /);
    expect(said).toContain(
      "routes[1].match[1]: routes[0] has the same match and comes first, so this one takes no request\n",
    );
    expect(said.match(/warning:/g)).toHaveLength(1);
  });

  it.each(["configuration.md", "gateway-api.md"])(
    "does not warn of the redirect to https in %s",
    async (page) => {
      const [, section = ""] = readSource(`docs/${page}`).split("### Redirect to https\n");
      const [, config = ""] = /```jsonc?\n(.*?)```/s.exec(section) ?? [];
      const { code, stderr } = await runCli(["check"], { files: { "fairlead.jsonc": config } });
      expect([code, stderr]).toEqual([0, expect.stringMatching(/^ok: fairlead\.jsonc: [^\n]*\n$/)]);
    },
  );

  it.each([
    [{ scheme: "https" }, "/a", false],
    [{ host: "b.example" }, "/a", false],
    [{ path: "/a", scheme: "https" }, "/a", false],
    [{ path: "/${header.x}" }, "/a", false],
    [{ prefix: "/old/new" }, "/old/*", false],
    [{ path: "/b", scheme: "https" }, "/a", true],
    [{ prefix: "/new" }, "/old/*", true],
  ])(
    "knows whether the redirect %j leaves requests for %s to the next route",
    async (redirect, path, warns) => {
      const match = { path };
      const said = await verdictOn({
        routes: [
          { match, redirect },
          { match, respond: {} },
        ],
      });
      expect(said.includes("this one takes no request")).toBe(warns);
    },
  );

  it("warns of upstreams that no route names, with their places", async () => {
    const said = await verdictOn({
      upstreams: { a: "http://a", b: "http://b" },
      routes: [{ upstream: "a" }],
    });
    expect(said).toContain("warning: fairlead.json:4:5: upstreams.b: no route sends requests here\n");
    expect(said).toContain('  4 |     "b": "http://b"\n    |     ^^^\n');
  });

  it.each([
    [["http://a", "http://b", "http://A:80/"], "upstreams.a.endpoints[2]: this endpoint is listed twice"],
    [["unix:/a", "unix:/a"], "upstreams.a.endpoints[1]: this endpoint is listed twice"],
    ["http://a:443/x", "upstreams.a.endpoints: port 443 is for https, and this is an http URL"],
    [
      ["https://a", "https://b:80"],
      "upstreams.a.endpoints[1]: port 80 is for http, and this is an https URL",
    ],
  ])("warns of %j", async (endpoints, warning) => {
    const said = await verdictOn({ upstreams: { a: endpoints } });
    expect(said).toContain(warning);
    expect(said.match(/warning:/g)).toHaveLength(1);
  });

  it("shows no secret in a warning", async () => {
    const { stderr } = await runCli(["check"], {
      files: { "fairlead.json": '{ "upstreams": { "a": ["${env:A}", "http://b", "${env:A}"] } }' },
      env: { A: "http://hunter2:443" },
    });
    expect(stderr).toContain("listed twice");
    expect(stderr).not.toContain("hunter2");
  });

  it("prints the effective config as JSON behind its verdict when asked, with secrets masked", async () => {
    const { code, stdout, stderr } = await runCli(["check", "--print"], { files, env });
    expect(code).toBe(0);
    const config = JSON.parse(stdout) as { listen: { port: number }; routes: { requestHeaders: unknown }[] };
    expect(config.listen.port).toBe(8080);
    expect(config.routes[0]?.requestHeaders).toEqual({
      set: { "x-token": "***", "x-client": "${client.address}" },
    });
    expect(stdout + stderr).not.toContain(env.TOKEN);
    expect(stderr).toBe("ok: fairlead.json: 3 routes, 2 upstreams\n");
  });

  it("masks expressions for credentials, keys in the wrong place, and no default beside a secret", async () => {
    const cert = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n";
    const both = `${cert}-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n`;
    const text = JSON.stringify({
      upstreams: {
        a: { endpoints: ["http://127.0.0.1:${env:P}"] },
        b: { endpoints: "https://b", tls: { ca: both } },
      },
      routes: [{ match: { headers: { "x-api-key": { regex: "^hunter2$" } } }, upstream: "a" }],
    });
    const { code, stdout } = await runCli(["check", "--print"], {
      files: { "fairlead.json": text },
      env: { P: "8081" },
    });
    expect(code).toBe(0);
    expect(stdout).not.toContain("hunter2");
    expect(JSON.parse(stdout)).toMatchObject({
      upstreams: {
        a: { endpoints: [{ url: "http://127.0.0.1:***", weight: 1 }] },
        b: { tls: { ca: "***" } },
      },
      routes: [{ match: { headers: { "x-api-key": { regex: "***" } } } }],
    });
  });

  it("shows every problem with its place and starts nothing", async () => {
    const text = '{\n  "listen": { "prot": 1 },\n  "routes": [{ "upstream": "api" }]\n}\n';
    const { code, stderr, stdout } = await runCli(["check"], { files: { "fairlead.json": text } });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("2 problems");
    expect(stderr).toContain("fairlead.json:2:");
    expect(stderr).toContain("fairlead.json:3:");
  });

  it("names the setting that a runtime can't honour", async () => {
    const text = '{ "upstreams": { "a": "unix:/run/a.sock" }, "routes": [{ "upstream": "a" }] }';
    const setup = { files: { "fairlead.json": text } };
    expect((await runCli(["check", "--runtime", "node"], setup)).stderr).toContain("runs on node");
    const { code, stderr } = await runCli(["check", "--runtime", "workers"], setup);
    expect(code).toBe(2);
    expect(stderr).toContain("upstreams.a");
    expect(stderr).toContain("workers can't connect to endpoints over Unix domain sockets");
  });
});

describe("check --runtime", () => {
  it.each(["node", "deno", "bun", "workers"])(
    "passes the starter config and the README's for %s",
    async (name) => {
      const { files: written } = await runCli(["init"]);
      for (const text of [written.get("fairlead.jsonc") ?? "", readSource("examples/gateway.jsonc")]) {
        const { code, stderr } = await runCli(["check", "--runtime", name], {
          files: { "fairlead.jsonc": text },
        });
        expect([code, stderr]).toEqual([0, expect.stringContaining(`runs on ${name}`)]);
      }
    },
  );
});

describe("explain", () => {
  const explain = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCli(["explain", ...args], { files, env });
    expect([code, stderr]).toEqual([0, ""]);
    return stdout;
  };

  it("encodes text beyond ASCII as a client would", async () => {
    const text = await explain("GET", "https://www.example.com/ü");
    expect(text).toContain("GET https://www.example.com/ü\n");
    expect(text).toContain("sends       GET /%C3%BC to");
  });

  it("tells an upstream's layers, and why endpoints are left out", async () => {
    const endpoints = ["http://a", { url: "http://b", weight: 0 }, { url: "http://c", priority: 1 }];
    const config = { upstreams: { app: { endpoints, hedge: {} } } };
    const { stdout } = await runCli(["explain", "GET", "http://x/"], {
      files: { "fairlead.json": JSON.stringify(config) },
      env: {},
    });
    expect(stdout).toMatch(/layers .*retry ×1 → hedge → forward/);
    expect(stdout).toContain("sends       GET / to http://a\n");
    expect(stdout).toContain("not http://b: weight 0, so it takes no new traffic");
    expect(stdout).toContain("not http://c: priority 1, for when too few before it can be tried");
  });

  it("honours a sticky cookie, and shows the request itself beside its copy", async () => {
    const secret = "s3cret-of-cookies";
    const config = {
      upstreams: {
        app: {
          endpoints: ["http://a", "http://b", "http://c"],
          balance: { sticky: { secret, cookie: "server" } },
        },
        copies: { endpoints: ["http://d", "http://e"], balance: { sticky: { secret } } },
      },
      routes: [{ upstream: "app", mirror: { upstream: "copies" } }],
    };
    for (const name of ["a", "b", "c"]) {
      const token = await hmac(secret, JSON.stringify(["app", `http://${name}`, "/"]));
      const { stdout } = await runCli(["explain", "GET", "http://x/", "-H", `cookie: server=${token}`], {
        files: { "fairlead.json": JSON.stringify(config) },
        env: {},
      });
      expect(stdout).toContain(`sends       GET / to http://${name}\n`);
    }
  });

  it("says where endpoints come from that are not known before", async () => {
    const { stdout } = await runCli(["explain", "GET", "http://x/"], {
      files: { "fairlead.json": '{ "upstreams": { "app": { "discovery": { "file": "/e.json" } } } }' },
    });
    expect(stdout).toMatch(/upstream +"app": endpoints are found while the proxy runs \(discovery\)/);
    expect(stdout).not.toContain("503");
  });

  it("leaves out endpoints that do not answer now", async () => {
    const { stdout } = await runCli(["explain", "--now", "GET", "http://x/"], {
      files: { "fairlead.json": '{ "upstreams": { "app": ["http://a", "http://b"] } }' },
      down: { a: "connection refused" },
    });
    expect(stdout).toContain("sends       GET / to http://b\n");
    expect(stdout).toContain("not http://a: nothing answers there (connection refused)");
  });

  it("says of each endpoint that it does not answer where none does", async () => {
    const endpoints = ["http://a", "http://b", { url: "http://c", weight: 0 }];
    const { stdout } = await runCli(["explain", "--now", "GET", "http://x/"], {
      files: {
        "fairlead.json": JSON.stringify({ upstreams: { app: { endpoints, balance: "round-robin" } } }),
      },
      down: { a: "connection refused", b: "timed out", c: "connection refused" },
    });
    expect(stdout).toContain("sends       GET / to http://b\n");
    expect(stdout).toContain("nothing answers there either (timed out); where all are down, all are tried\n");
    expect(stdout).toContain("not http://a: nothing answers there (connection refused)\n");
    expect(stdout).toContain("not http://c: weight 0, so it takes no new traffic\n");
  });

  it("tells route, upstream, rewrite and header edits of a forwarded request", async () => {
    const text = await explain(
      "GET",
      "https://api.example.com/v1/x?y=1",
      "-H",
      "connection: x-hop",
      "-H",
      "x-hop: 1",
    );
    expect(text).toContain('"api", which matches GET api.example.com/v1/*');
    expect(text).toMatch(/sends +GET \/x\?y=1 to http:\/\/10\.0\.0\.[12]:3000/);
    expect(text).toContain("p2c over http://10.0.0.1:3000, http://10.0.0.2:3000 ×2");
    expect(text).toContain("+ x-client: 192.0.2.1");
    expect(text).toContain("+ x-forwarded-proto: https");
    expect(text).toContain("- x-hop: 1");
  });

  it("takes the content from the head: its type, and its length", async () => {
    const text = JSON.stringify({
      listen: { limits: { bodyBytes: 10 } },
      upstreams: { a: "http://a" },
      validation: { contentTypes: ["application/json"] },
    });
    const answer = async (...fields: readonly string[]): Promise<string | undefined> => {
      const args = ["explain", "POST", "http://a/", ...fields.flatMap((field) => ["-H", field])];
      const { stdout } = await runCli(args, { files: { "fairlead.json": text } });
      return /(?:answer|sends) +(\w+)/.exec(stdout)?.[1];
    };
    expect(await answer("content-type: text/plain", "content-length: 5")).toBe("415");
    expect(await answer("content-type: text/plain", "transfer-encoding: chunked")).toBe("415");
    expect(await answer("content-type: text/plain", "content-length: 0")).toBe("POST");
    expect(await answer("content-type: application/json", "content-length: 5")).toBe("POST");
    expect(await answer("content-type: application/json", "content-length: 11")).toBe("413");
  });

  it("knows the ready page, which no route gets", async () => {
    const text = JSON.stringify({ listen: { readyPath: "/readyz" }, upstreams: { a: "http://a" } });
    const { stdout } = await runCli(["explain", "GET", "http://a/readyz"], {
      files: { "fairlead.json": text },
    });
    expect(stdout).toMatch(/answer +200 from the proxy itself: the ready page \(listen\.readyPath\)/);
    expect(stdout).not.toContain("sends");
    const post = await runCli(["explain", "POST", "http://a/readyz"], { files: { "fairlead.json": text } });
    expect(post.stdout).toContain("sends       POST /readyz");
  });

  it("masks secrets", async () => {
    const text = await explain("https://api.example.com/v1/x", "-H", "authorization: Bearer abc");
    expect(text).toContain("x-token: ***");
    expect(text).toContain("authorization: ***");
    expect(text).not.toContain(env.TOKEN);
  });

  it("masks what came from elsewhere, and credentials, in everything it says", async () => {
    const routes = [
      { name: "${env:NAME}", match: { host: "${env:HOST}", path: "/${env:PATH_PART}/*" }, upstream: "a" },
      { name: "listed", match: { method: "GET", host: ["${env:HOST}", "other.example"] }, upstream: "a" },
      { match: { headers: { "x-tier": "${env:PLAN}" } }, upstream: "a" },
      { match: { headers: { "x-tier": { regex: "^${env:PLAN}$" } } }, upstream: "a" },
      { match: { headers: { authorization: "Bearer hunter2" } }, upstream: "a" },
      { match: { query: { token: { regex: "^hunter2$" } } }, upstream: "a" },
      { match: { cookies: { beta: "1" } }, upstream: "a" },
      { match: { path: "/away" }, redirect: { path: "/${env:PATH_PART}" } },
      { match: { path: "/home/*" }, upstream: "a", rewrite: { prefix: "/${env:PATH_PART}" } },
    ];
    const upstreams = { a: ["${env:URL}", "http://10.0.0.1/${env:PATH_PART}"] };
    const run = async (url: string): Promise<string> => {
      const fields = ["authorization: Bearer mysecret", "cookie: beta=mysecret", "x-tier: low"];
      const { code, stdout, stderr } = await runCli(
        ["explain", "GET", url, ...fields.flatMap((field) => ["-H", field])],
        {
          files: { "fairlead.json": JSON.stringify({ upstreams, routes }) },
          env: {
            NAME: "Hunter2 route",
            HOST: "Hunter2.example",
            PATH_PART: "hunter2 ü",
            PLAN: "hunter2-plan",
            URL: "https://Hunter2.internal:444/hunter2-base",
          },
        },
      );
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).not.toMatch(/hunter2|mysecret/i);
      return stdout;
    };
    const none = await run("http://me:mysecret@site.example/x?token=mysecret");
    expect(none).toContain("GET http://***@site.example/x?token=***");
    const other = await run("http://site.example/x?token=mysecret");
    expect(other).toContain('header "x-tier" is "low", not "***"');
    expect(other).toContain('header "x-tier" is "low", which does not match /^***$/');
    expect(other).toContain('header "authorization" has another value');
    expect(other).toContain('query parameter "token" has another value');
    expect(other).toContain('cookie "beta" is not "1"');
    expect(await run("http://hunter2.example/hunter2%20%C3%BC/x")).toContain(
      '"***", which matches ***/***/*',
    );
    expect(await run("http://site.example/away")).toContain("from the proxy itself, to /***\n");
    expect(await run("http://site.example/home/x")).toMatch(
      /sends +GET \/?\*{3}\/\*{3}\/x to (?:https:\/\/\*{3}|http:\/\/10\.0\.0\.1)$/m,
    );
  });

  it("says why the other routes did not match", async () => {
    const text = await explain("GET", "https://www.example.com/v1/x");
    expect(text).toContain('"site"');
    expect(text).toMatch(/"api" .*host www\.example\.com is not api\.example\.com/);
    expect(text).toMatch(/"moved" .*path \/v1\/x is not \/old/);
  });

  it("tells the proxy's own answers", async () => {
    expect(await explain("GET", "http://example.com/old")).toMatch(
      /answer +308 from the proxy itself, to .*\/new/,
    );
    expect(await explain("GET", "http://other.example.com/")).toMatch(/answer +404 no-route/);
    expect(await explain("POST", "http://api.example.com/v1/x")).toMatch(
      /answer +405 method-not-allowed: .*; allowed are GET, HEAD$/m,
    );
    expect(await explain("GET", "http://www.example.com/%2fx")).toMatch(/answer +400 bad-request/);
  });
});

describe("explain and sizes", () => {
  it.each([
    ["2GB", "2GB"],
    ["100MiB", "100MiB"],
    ["64KB", "64KB"],
    [1_536, "1536 bytes"],
  ])("shows a limit of %s as %s", async (bodyBytes, shown) => {
    const text = JSON.stringify({ upstreams: { a: "http://a" }, listen: { limits: { bodyBytes } } });
    const { stdout } = await runCli(["explain", "http://a/"], { files: { "fairlead.json": text } });
    expect(stdout).toContain(`body limit ${shown} `);
  });
});

describe("a gateway on all addresses", () => {
  it.each([
    ["0.0.0.0", ["10.0.0.7"], "Listens on all addresses (0.0.0.0); from the network: http://10.0.0.7:8080"],
    [
      "::",
      ["10.0.0.7", "10.1.0.7"],
      "Listens on all addresses (::, IPv4 and IPv6); from the network: http://10.0.0.7:8080, http://10.1.0.7:8080",
    ],
    ["::", [], "Listens on all addresses (::, IPv4 and IPv6)"],
  ])("says so of %s, and how to reach it", (host, addresses, text) => {
    expect(networkText({ scheme: "http", host, port: 8080 }, addresses)).toBe(text);
    expect(addressUrl({ scheme: "http", host, port: 8080 })).toBe("http://localhost:8080");
    expect(addressUrl({ scheme: "https", host, port: 8443 })).toBe("https://localhost:8443");
  });

  it("is not one that listens on one address", () => {
    expect(networkText({ scheme: "http", host: "127.0.0.1", port: 8080 }, ["10.0.0.7"])).toBeUndefined();
  });
});

describe("schema", () => {
  it("prints a JSON Schema, or writes it to a file", async () => {
    const { code, stdout } = await runCli(["schema"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ type: "object" });
    const written = await runCli(["schema", "-o", "out.json"]);
    expect(written.files.get("out.json")).toBe(stdout);
  });
});

describe("init", () => {
  it("writes a starter config that check accepts", async () => {
    const { code, files: made } = await runCli(["init"]);
    expect(code).toBe(0);
    const text = made.get("fairlead.jsonc") ?? "";
    const checked = await runCli(["check"], { files: { "fairlead.jsonc": text } });
    expect(checked.stderr).toBe("ok: fairlead.jsonc: 3 routes, 2 upstreams\n");
    expect(checked.code).toBe(0);
  });

  it.each([
    [
      "a project that has the package",
      "node_modules/fairlead/schema.json",
      "./node_modules/fairlead/schema.json",
    ],
    ["a checkout", "schema.json", "./schema.json"],
  ])("names the JSON Schema of %s", async (_, path, named) => {
    const schema = (await runCli(["schema"])).stdout;
    const { files: made, stdout } = await runCli(["init", "conf/fairlead.jsonc"], {
      files: { [path]: schema },
    });
    expect(made.get("conf/fairlead.jsonc")).toContain(`"$schema": "${named.replace("./", "../")}"`);
    expect((await runCli(["init"], { files: { [path]: schema } })).files.get("fairlead.jsonc")).toContain(
      `"$schema": "${named}"`,
    );
    expect(stdout).toMatch(/^wrote conf\/fairlead\.jsonc\n/);
  });

  it("writes the JSON Schema beside the config where no package has one", async () => {
    const { files: made, stdout } = await runCli(["init"], {
      files: { "schema.json": '{ "title": "mine" }' },
    });
    expect(made.get("fairlead.jsonc")).toContain('"$schema": "./fairlead.schema.json"');
    expect(made.get("fairlead.schema.json")).toBe((await runCli(["schema"])).stdout);
    expect(stdout).toContain("wrote fairlead.jsonc and fairlead.schema.json");
  });

  it("overwrites only when forced", async () => {
    const there = { "fairlead.jsonc": "// mine\n" };
    const refused = await runCli(["init"], { files: there });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("--force");
    expect(refused.files.get("fairlead.jsonc")).toBe("// mine\n");
    const forced = await runCli(["init", "--force"], { files: there });
    expect(forced.code).toBe(0);
    expect(forced.files.get("fairlead.jsonc")).not.toBe("// mine\n");
  });
});
