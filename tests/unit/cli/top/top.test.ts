import { describe, expect, it } from "vitest";
import type { Answer, Question } from "../../../../cli/host.ts";
import type { Snapshot } from "../../../../handlers/snapshot.ts";
import { type CliRun, type CliSetup, runCli } from "../../../support/cli-host.ts";
import { endpoint, snapshot, traffic, upstream } from "../../../support/snapshot.ts";

const STATE = snapshot({
  connections: { open: 1_234, accepted: 9_999, refused: 0, tunnels: 3 },
  traffic: traffic(12_345, { requests: 600, failures: 3, p50: 0.0012, p95: 0.045, p99: 1.25 }),
  routes: [
    {
      name: "api",
      match: ["/v1/*"],
      action: "forward",
      upstreams: [],
      traffic: traffic(10, { requests: 600, failures: 3, p50: 0.0012 }),
    },
  ],
  upstreams: [
    upstream(
      "api",
      [
        endpoint("http://10.0.0.1:3000", {
          inFlight: 7,
          health: { state: "up", lastResult: "200" },
          traffic: traffic(10, { requests: 540, p50: 0.001, p95: 0.002, p99: 0.003 }),
        }),
        endpoint("http://10.0.0.2:3000", {
          exclusion: "circuit-open",
          breaker: { state: "open", until: 1 },
          health: { state: "down", lastResult: "503" },
          traffic: traffic(10, { requests: 60, failures: 60 }),
        }),
      ],
      { traffic: traffic(20, { requests: 600, failures: 60 }) },
    ),
    upstream("spare", [endpoint("http://10.0.0.3:3000", { drained: true, exclusion: "drained" })]),
  ],
});

const URL = ["--url", "http://127.0.0.1:9090"];

const answering =
  (state: Snapshot = STATE): NonNullable<CliSetup["answer"]> =>
  () => ({ status: 200, body: JSON.stringify(state) });

const top = (args: readonly string[], setup: CliSetup = {}): Promise<CliRun> =>
  runCli(["top", ...args], { answer: answering(), ...setup });

/** The words of each line. */
const cells = ({ stdout }: CliRun): readonly (readonly string[])[] =>
  stdout.split("\n").map((line) => line.trim().split(/ {2,}/));

describe("fairlead top without a terminal", () => {
  it("prints one table of the whole, the upstreams and the routes", async () => {
    const run = await top(URL);
    expect([run.code, run.stderr]).toEqual([0, ""]);
    expect(cells(run)).toEqual([
      ["fairlead 0.1.0 · Node 26.10.0 · up 1 h 2 min · config 1 · 1,234 connections · 3 tunnels"],
      ["10.0 requests/s · 12,345 in all · failed 0.5 % · p50 1.2 ms · p95 45 ms · p99 1.25 s"],
      [""],
      [
        "UPSTREAMS",
        "STATE",
        "HEALTH",
        "BREAKER",
        "REQ/S",
        "FAILED",
        "P50",
        "P95",
        "P99",
        "IN FLIGHT",
        "WEIGHT",
      ],
      ["api", "1 of 2", "10.0", "10.0 %", "-", "-", "-", "7"],
      ["http://10.0.0.1:3000", "ok", "up", "closed", "9.0", "0 %", "1.0 ms", "2.0 ms", "3.0 ms", "7", "1"],
      ["http://10.0.0.2:3000", "circuit open", "down", "open", "1.0", "100 %", "-", "-", "-", "0", "1"],
      ["spare", "0 of 1", "0.0", "-", "-", "-", "-", "0"],
      ["http://10.0.0.3:3000", "drained", "closed", "0.0", "-", "-", "-", "-", "0", "1"],
      [""],
      ["ROUTES", "REQ/S", "FAILED", "P50", "P95", "P99"],
      ["api", "10.0", "0.5 %", "1.2 ms", "-", "-"],
      [""],
    ]);
  });

  it("prints the state as it came with --json", async () => {
    expect(JSON.parse((await top([...URL, "--json"])).stdout)).toEqual(STATE);
  });

  it.each([
    [
      ["--sort", "failed"],
      ["http://10.0.0.2:3000", "http://10.0.0.1:3000"],
    ],
    [
      ["--sort", "in-flight", "--reverse"],
      ["http://10.0.0.2:3000", "http://10.0.0.1:3000"],
    ],
    [
      ["--sort", "name"],
      ["http://10.0.0.1:3000", "http://10.0.0.2:3000"],
    ],
  ])("sorts by %s", async (args, order) => {
    const names = cells(await top([...URL, ...args])).map(([name]) => name);
    expect(names.filter((name) => order.includes(name ?? ""))).toEqual(order);
  });

  it("keeps what has the text in its name, endpoints with their upstream", async () => {
    const names = cells(await top([...URL, "--filter", "0.0.2"]))
      .slice(3)
      .map(([name]) => name);
    expect(names).toEqual(["UPSTREAMS", "api", "http://10.0.0.2:3000", ""]);
    expect((await top([...URL, "--filter", "nothing"])).stdout).toContain(
      'nothing has "nothing" in its name',
    );
  });

  it.each([120, 80, 60, 40, 20, 10, 1])("fits %i cells", async (columns) => {
    const { stdout } = await top(URL, { columns });
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  it("leaves out the least important columns first", async () => {
    const heading = async (columns: number): Promise<readonly string[] | undefined> =>
      cells(await top(URL, { columns }))[3];
    expect(await heading(80)).toEqual([
      "UPSTREAMS",
      "STATE",
      "BREAKER",
      "REQ/S",
      "FAILED",
      "P99",
      "IN FLIGHT",
    ]);
    expect(await heading(54)).toEqual(["UPSTREAMS", "STATE", "REQ/S", "FAILED"]);
  });

  it("colours on a terminal, and not where NO_COLOR is set", async () => {
    // oxlint-disable-next-line no-control-regex -- the beginning of a colour
    const colour = /\u001b\[/;
    expect((await top([...URL, "--once"], { tty: true })).stdout).toMatch(colour);
    expect((await top([...URL, "--once"], { tty: true, env: { NO_COLOR: "1" } })).stdout).not.toMatch(colour);
    expect((await top(URL)).stdout).not.toMatch(colour);
  });

  it("escapes what could steer the terminal", async () => {
    const state = snapshot({ upstreams: [upstream("a\u001b[2J\u202eb\nc", [endpoint("http://x\u0007")])] });
    const { stdout } = await top(URL, { answer: answering(state) });
    expect(stdout).toContain("a\\u001b[2J\\u202eb\\u000ac");
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(stdout.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });

  it("counts cells, not characters", async () => {
    const state = snapshot({ upstreams: [upstream("東京の上流", []), upstream("plain", [])] });
    const lines = (await top(URL, { answer: answering(state) })).stdout.split("\n");
    expect(lines[4]).toMatch(/^東京の上流 {2}0 of 0/);
    expect(lines[5]).toMatch(/^plain {7}0 of 0/);
  });

  it("says that the proxy drains, and why a new config was refused", async () => {
    const state = snapshot({
      draining: true,
      config: { generation: 2, loadedAt: 0, sources: [], lastError: { at: 1, message: "no such file" } },
    });
    const { stdout } = await top(URL, { answer: answering(state) });
    expect(stdout).toContain("draining: it finishes");
    expect(stdout).toContain("the last new config was refused: no such file");
  });
});

describe("the address that fairlead top asks", () => {
  const askedWith = async (args: readonly string[], setup: CliSetup = {}): Promise<Question | undefined> => {
    let asked: Question | undefined;
    const answer = (question: Question): Answer => {
      asked = question;
      return { status: 200, body: JSON.stringify(STATE) };
    };
    const { stderr } = await runCli(["top", ...args], { ...setup, answer });
    expect(stderr).toBe("");
    return asked;
  };
  const config = (admin: object, listen: object = {}): CliSetup => ({
    files: { "fairlead.json": JSON.stringify({ listen, upstreams: { a: "http://a" }, admin }) },
  });
  const token = "0123456789abcdef";

  it.each([
    [["--url", "http://10.0.0.1:9090/"], {}, "http://10.0.0.1:9090/api/state"],
    [["--url", "https://example.com/ops"], {}, "https://example.com/ops/api/state"],
    [[], config({ port: 9191 }), "http://127.0.0.1:9191/api/state"],
    [[], config({ port: 9191, host: "0.0.0.0", token }), "http://127.0.0.1:9191/api/state"],
    [[], config({ port: 9191, host: "::1" }), "http://[::1]:9191/api/state"],
    [[], config({ path: "/ops", token }, { port: 8081 }), "http://localhost:8081/ops/api/state"],
  ])("with %j and this config is $2", async (args, setup, url) => {
    expect(await askedWith(args, setup)).toMatchObject({ url, socketPath: undefined });
  });

  it("may be a Unix socket", async () => {
    expect(await askedWith([], config({ socket: "/run/admin.sock" }))).toMatchObject({
      url: "http://localhost/api/state",
      socketPath: "/run/admin.sock",
    });
    expect(await askedWith(["--url", "unix:/run/admin.sock"])).toMatchObject({
      socketPath: "/run/admin.sock",
    });
  });

  it("gets the token of the option, the environment, or the config that names it", async () => {
    const sent = async (args: readonly string[], setup: CliSetup): Promise<string | undefined> =>
      (await askedWith(args, setup))?.headers["authorization"];
    const env = { FAIRLEAD_ADMIN_TOKEN: "of-the-environment" };
    expect(await sent([...URL, "--token", "of-the-option"], { env })).toBe("Bearer of-the-option");
    expect(await sent(URL, { env })).toBe("Bearer of-the-environment");
    expect(await sent([], config({ port: 1, token }))).toBe(`Bearer ${token}`);
    expect(await sent(URL, config({ port: 1, token }))).toBeUndefined();
  });

  it.each([
    [["--url", "127.0.0.1:9090"], "did you mean http://127.0.0.1:9090?"],
    [["--url", "http://a:b@c/"], "not the address of an admin listener"],
    [["--url", "ftp://a/"], "not the address of an admin listener"],
    [[...URL, "--token", "a b"], "characters that no token has"],
    [[...URL, "--sort", "size"], "it is one of config, name"],
    [[], "there is no config in /app"],
  ])("is refused: %j", async (args, message) => {
    const { code, stderr } = await runCli(["top", ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it.each([
    [{}, "the config has no admin listener"],
    [{ port: 0 }, "any free port"],
  ])("is asked for where the config has %j", async (admin, message) => {
    const { code, stderr } = await runCli(["top"], config(admin));
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("fairlead top with a proxy that does not answer as it should", () => {
  it.each<[Answer | Error, string]>([
    [new Error("connection refused"), "http://127.0.0.1:9090: connection refused"],
    [{ status: 401, body: "" }, "the admin token is missing or wrong (401)"],
    [{ status: 404, body: "" }, "nothing is there (404)"],
    [{ status: 500, body: "" }, "it answered 500"],
    [{ status: 200, body: "<html>" }, "not the state of a proxy"],
    [{ status: 200, body: '{"time":1}' }, "not the state of a proxy"],
  ])("ends with 1: %s", async (answer, message) => {
    const { code, stderr, stdout } = await top(URL, { answer: () => answer });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(message);
  });
});
