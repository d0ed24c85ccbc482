/** Every request has its line, whatever became of it; no output that is slow, full or gone holds up or ends the proxy. */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { linesOf, type LogLine } from "../support/log-lines.ts";
import { type Case, conformance, requestText, type Stage, type SuiteOptions } from "../support/suite.ts";

const directory = mkdtempSync(join(tmpdir(), "fairlead-log-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The one line about the request for `target`, once it is there. */
const lineFor = async (stage: Stage, target: string): Promise<LogLine> => {
  const { child } = stage.proxy;
  await child.printed(new RegExp(`^\\{.*"target":"${target.replaceAll("?", "\\?")}".*\\}$`, "m"));
  const lines = linesOf(child.stdout, "request").filter((line) => line["target"] === target);
  expect(lines).toHaveLength(1);
  return lines[0] as LogLine;
};

const everyRequest: Case[] = [
  {
    title: "line of a success tells status, bytes both ways, places and times",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.body();
        await x.respond(201, {}, "created");
      });
      const { fields } = await stage.request("/ok?x=1", {
        method: "POST",
        body: "12345",
        fields: ["User-Agent: tests/1", "Referer: http://a.example/?token=CANARY"],
      });
      const line = await lineFor(stage, "/ok?x=1");
      expect(line).toMatchObject({
        level: "info",
        status: 201,
        method: "POST",
        route: "all",
        upstream: "main",
        endpoint: stage.origin.url,
        attempts: 1,
        bytesIn: 5,
        bytesOut: 7,
        client: "127.0.0.1",
        scheme: "http",
        host: "example.test",
        userAgent: "tests/1",
        referer: "http://a.example/?token=***",
        requestId: fields.get("x-request-id"),
      });
      for (const part of ["durationMs", "queueMs", "firstByteMs", "bodyMs"])
        expect(line[part]).toBeGreaterThanOrEqual(0);
    },
  },
  {
    title: "chunked response is counted to its last byte",
    run: async (stage) => {
      stage.origin.script((x) =>
        x.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n6\r\nsecond\r\n0\r\n\r\n"),
      );
      await stage.request("/chunked");
      expect(await lineFor(stage, "/chunked")).toMatchObject({ status: 200, bytesOut: 10 });
    },
  },
  {
    title: "response of several megabytes is counted to its last byte",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, "x".repeat(3_000_000)));
      await stage.request("/large");
      expect(await lineFor(stage, "/large")).toMatchObject({ status: 200, bytesOut: 3_000_000 });
    },
  },
  {
    title: "answers to HEAD, redirects and the proxy's own have lines",
    run: async (stage) => {
      stage.origin.script((x) => x.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"));
      await stage.request("/head", { method: "HEAD" });
      await stage.request("/away");
      await stage.request("/own");
      expect(await lineFor(stage, "/head")).toMatchObject({ status: 200, method: "HEAD", bytesOut: 0 });
      expect(await lineFor(stage, "/away")).toMatchObject({ status: 302 });
      expect(await lineFor(stage, "/own")).toMatchObject({ status: 200, bytesOut: 3 });
    },
  },
  {
    title: "mistakes of clients have lines",
    run: async (stage) => {
      const other = await stage.request("/elsewhere", { host: "other.test" });
      expect(other.status).toBe(404);
      await stage.request("/up", { method: "POST", body: "x".repeat(2_000) });
      expect(await lineFor(stage, "/elsewhere")).toMatchObject({
        level: "info",
        status: 404,
        code: "no-route",
      });
      expect(await lineFor(stage, "/up")).toMatchObject({ status: 413, code: "body-too-large" });
    },
  },
  {
    title: "failure of the upstream has a line at level error",
    run: async (stage) => {
      stage.origin.script((x) => x.wire.reset());
      await stage.request("/reset", { method: "POST", body: "x" });
      expect(await lineFor(stage, "/reset")).toMatchObject({ level: "error", status: 502 });
    },
  },
];

const ofConnections: Case[] = [
  {
    title: "request that can't be read has a line",
    run: async (stage) => {
      expect((await stage.raw("GET /bad HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n")).status).toBe(400);
      await stage.proxy.child.printed(/"status":400.*"code":"bad-request"/);
    },
  },
  {
    title: "client that leaves before the head is 499",
    run: async (stage) => {
      stage.origin.script((x) => x.wire.ended().then(() => {}));
      const { client } = await stage.begun(requestText("/left-early"));
      client.reset();
      expect(await lineFor(stage, "/left-early")).toMatchObject({
        level: "info",
        status: 499,
        code: "client-closed",
        bytesOut: 0,
      });
    },
  },
  {
    title: "client that leaves in the middle has the line of what it got",
    run: async (stage) => {
      stage.origin.script((x) => x.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"));
      const { client } = await stage.begun(requestText("/left"));
      await (await client.open()).pieces.next();
      client.reset();
      expect(await lineFor(stage, "/left")).toMatchObject({
        status: 200,
        code: "client-closed",
        bytesOut: 4,
      });
    },
  },
  {
    title: "upstream that breaks off in the middle is an error with the status that was sent",
    run: async (stage) => {
      stage.origin.script(async (x) => {
        await x.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
        x.wire.reset();
      });
      const { client } = await stage.begun(requestText("/broken"));
      await client.closed().catch(() => {});
      expect(await lineFor(stage, "/broken")).toMatchObject({
        level: "error",
        status: 200,
        code: "upstream-reset",
      });
    },
  },
  {
    title: "lines are as many as requests, each with its id",
    run: async (stage) => {
      stage.origin.script((x) => x.respond(200, {}, "x"));
      const before = linesOf(stage.proxy.child.stdout, "request").length;
      const client = await stage.client();
      const ids: (string | undefined)[] = [];
      for (let i = 0; i < 200; i++) {
        await client.send(requestText(`/many/${i}`));
        ids.push((await client.response()).fields.get("x-request-id"));
      }
      await stage.proxy.child.printed(/"target":"\/many\/199"/);
      const lines = linesOf(stage.proxy.child.stdout, "request").slice(before);
      expect(lines.map((line) => line["requestId"])).toEqual(ids);
    },
  },
];

const all: SuiteOptions["config"] = ([origin]) => ({
  upstreams: { main: { endpoints: origin } },
  routes: [
    { match: { host: "example.test", path: "/away" }, redirect: { status: 302, path: "/" } },
    { match: { host: "example.test", path: "/own" }, respond: { body: "own" } },
    { name: "all", match: { host: "example.test" }, upstream: "main", bodyBytes: 1_000 },
  ],
  log: { access: { requests: "all", output: "stdout" } },
});

conformance("access log", { config: all, cases: everyRequest });
conformance("access log of what clients cut", { config: all, cases: ofConnections });

/** `count` requests, one after the other on one connection. */
const flood = async (stage: Stage, target: string, count: number): Promise<void> => {
  const client = await stage.client();
  for (let i = 0; i < count; i++) {
    await client.send(requestText(target));
    expect((await client.response()).status).toBe(200);
  }
};

const LONG = `/own/${"x".repeat(4_000)}`;
const OWN = [{ match: { path: "/own/*" }, respond: { body: "own" } }];

conformance("access log that nobody reads", {
  config: () => ({ routes: OWN, log: { access: { requests: "all", output: "stdout" } } }),
  cases: [
    {
      title: "requests are answered, lost lines counted within a second or two, and none more lost than said",
      run: async (stage) => {
        const { child } = stage.proxy;
        child.holdOutput();
        await flood(stage, LONG, 900);
        await child.printed(/"event":"log","message":"\d+ lines of the log were lost/, 3_000);
        child.releaseOutput();
        await flood(stage, "/own/last", 1);
        await child.printed(/"target":"\/own\/last"/);
        const lost = (): number =>
          linesOf(child.stderr, "log").reduce((sum, line) => sum + Number(line["lines"]), 0);
        const written = (): number => linesOf(child.stdout, "request").length;
        // The last count is told a second after the last loss.
        await expect.poll(() => written() + lost(), { timeout: 4_000 }).toBe(901);
        expect(lost()).toBeGreaterThan(0);
      },
    },
    {
      title: "proxy whose log nobody reads any more goes on",
      run: async (stage) => {
        stage.proxy.child.stopReading();
        await flood(stage, "/own/a", 50);
      },
    },
  ],
  endsProxy: true,
});

conformance("access log on a full disk", {
  config: () => ({ routes: OWN, log: { access: { requests: "all", output: "/dev/full" } } }),
  cases: [
    {
      title: "requests are answered, and the lines that were lost are counted",
      run: async (stage) => {
        await flood(stage, "/own/a", 10);
        await stage.proxy.child.printed(/lines of the log were lost: no space is left/, 3_000);
        await flood(stage, "/own/a", 10);
      },
    },
  ],
});

const pathOf = (runtime: string, name: string): string => join(directory, `${runtime}-${name}`);

const fileIn = ({ runtime }: Stage, name: string): string[] => {
  const path = pathOf(runtime, name);
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
};

conformance("access log files", {
  config: (_, runtime) => ({
    routes: OWN,
    log: { access: { requests: "all", format: "combined", output: pathOf(runtime, "access.log") } },
  }),
  cases: [
    {
      title: "file that was moved away is begun anew on SIGUSR2, and no line is lost",
      run: async (stage) => {
        const path = pathOf(stage.runtime, "access.log");
        await flood(stage, "/own/first", 5);
        await expect.poll(() => fileIn(stage, "access.log").length).toBe(5);
        renameSync(path, `${path}.old`);
        await flood(stage, "/own/second", 5);
        stage.proxy.child.signal("SIGUSR2");
        await expect.poll(() => existsSync(path)).toBe(true);
        await flood(stage, "/own/third", 5);
        await expect
          .poll(() => fileIn(stage, "access.log.old").length + fileIn(stage, "access.log").length)
          .toBe(15);
        expect(fileIn(stage, "access.log.old")[0]).toMatch(
          /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/own\/first HTTP\/1\.1" 200 3 "-" "-"$/,
        );
        expect(fileIn(stage, "access.log").at(-1)).toContain("/own/third");
      },
    },
  ],
});

conformance("access log files by size", {
  config: (_, runtime) => ({
    routes: OWN,
    log: {
      access: { requests: "all", format: "combined", output: pathOf(runtime, "sized.log") },
      rotate: { size: "4KiB", keep: 2 },
    },
  }),
  cases: [
    {
      title: "full file is put aside, and the oldest goes",
      run: async (stage) => {
        let sent = 0;
        while (!existsSync(pathOf(stage.runtime, "sized.log.2")) || sent < 100) {
          await flood(stage, `/own/${"x".repeat(100)}`, 1);
          sent += 1;
        }
        await flood(stage, "/own/last", 1);
        await expect.poll(() => fileIn(stage, "sized.log").at(-1)).toContain("/own/last");
        expect(existsSync(pathOf(stage.runtime, "sized.log.3"))).toBe(false);
        for (const name of ["sized.log", "sized.log.1", "sized.log.2"]) {
          const lines = fileIn(stage, name);
          expect(lines.every((line) => line.endsWith('"-" "-"'))).toBe(true);
        }
      },
    },
  ],
});
