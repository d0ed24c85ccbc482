import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "../../support/sources.ts";

let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-worker-"));
  symlinkSync(join(ROOT, "scripts"), join(directory, "scripts"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Built {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (name: string, text: string): Built => {
  writeFileSync(join(directory, name), text);
  const script = join(directory, "scripts/worker-config.ts");
  // Variables of the machine that builds are none of the Worker's.
  const env = { PATH: process.env["PATH"], FAIRLEAD_LISTN: "1", API_URL: "5" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8", env });
  return { status, stdout, stderr };
};

const written = (): unknown => JSON.parse(readFileSync(join(directory, "dist/worker-config.json"), "utf8"));

describe("the Worker's config", () => {
  it.each([
    ["fairlead.json", '{ // where it goes\n  "upstreams": { "a": "http://a" },\n}'],
    ["fairlead.jsonc", '\u{feff}{ "upstreams": { "a": "http://a" } }'],
    ["fairlead.yaml", "upstreams: { a: http://a }"],
  ])("is %s as plain JSON", (name, text) => {
    expect(run(name, text)).toMatchObject({ status: 0, stderr: "" });
    expect(written()).toEqual({ upstreams: { a: "http://a" } });
  });

  it("keeps its variables, and the build tells which there are", () => {
    const input = {
      listen: { trustedProxies: "${env:PROXIES}" },
      upstreams: { a: "${env:API_URL}", b: { endpoints: ["${env:API_URL}"], host: "${env:HOST}", pool: {} } },
      routes: [{ upstream: "${env:UPSTREAM}", requestHeaders: { set: { "x-a": "Bearer ${env:TOKEN}" } } }],
    };
    const { status, stdout, stderr } = run("fairlead.json", JSON.stringify(input, null, 2));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(written()).toEqual(input);
    expect(stdout).toContain("fairlead.json:6:10: API_URL has to be a variable or secret of the Worker\n");
    for (const name of ["PROXIES", "HOST", "UPSTREAM", "TOKEN"]) expect(stdout).toContain(`: ${name} has`);
  });

  it.each([
    ["malformed", "fairlead.json", '{\n  "upstreams" }', ["fairlead.json:2:15: expected a "]],
    ["malformed YAML", "fairlead.yaml", "a: [", ["fairlead.yaml:1:5: this is not YAML"]],
    [
      "code",
      "fairlead.ts",
      "export default {}",
      ["fairlead.ts: the module can't be loaded: it can't be bundled as data"],
    ],
    [
      "repeating a key",
      "fairlead.json",
      '{ "upstreams": { "a": "http://x", "a": "http://y" } }',
      ["fairlead.json:1:35: duplicate key"],
    ],
    [
      "wrong, whatever its variables hold",
      "fairlead.json",
      '{ "listen": { "prot": 1 }, "upstreams": { "a": "${env:API_URL}" }, "routes": [{ "upstream": "b" }] }',
      [
        'fairlead.json:1:15: listen.prot: unknown key; did you mean "port"?',
        'fairlead.json:1:93: routes[0].upstream: there is no upstream "b"',
      ],
    ],
    [
      "asking for what Workers can't do",
      "fairlead.json",
      '{ "upstreams": { "a.b": { "endpoints": ["unix:/x", "${env:API_URL}"], "host": "preserve", "timeouts": { "connect": "1s" } } } }',
      [
        'upstreams["a.b"].endpoints[0]: workers can\'t connect to endpoints over Unix domain sockets',
        'upstreams["a.b"].host: workers can\'t send a Host header',
        'upstreams["a.b"].timeouts.connect: workers can\'t time out the connect step',
      ],
    ],
    [
      "naming a file",
      "fairlead.json",
      '{ "routes": [{ "respond": { "body": "${file:page.html}" } }] }',
      ["fairlead.json:1:37: routes[0].respond.body: files can't be read here"],
    ],
  ])("ends the build with a report when it is %s", (_, name, text, sentences) => {
    const { status, stderr } = run(name, text);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: The config has (?:a|\d+) problems?:\n/);
    for (const sentence of sentences) expect(stderr).toContain(sentence);
    expect(stderr).not.toContain("    at ");
    expect(existsSync(join(directory, "dist"))).toBe(false);
  });

  it("is a small default where there is none", () => {
    expect(run("README.md", "")).toMatchObject({ status: 0, stderr: "" });
    expect(written()).toMatchObject({ routes: [{ respond: {} }] });
  });
});
