import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Source, streamBody, textOf } from "../../../../support/reading.ts";
import { type Rig, type Sent, codeOf, says, startRig } from "./rig.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("a client that expects 100 Continue", () => {
  let rig: Rig;
  let source: Source;
  beforeEach(async () => {
    rig = await startRig();
    source = new Source();
  });
  afterEach(async () => {
    rig.origin.failures = [];
    await rig.end();
  });

  const send = (): Sent =>
    rig.send({ method: "PUT", fields: ["Expect", "100-continue"], body: streamBody(source, 4) });

  test("has the upstream asked, and its content started by the upstream's 100", async () => {
    rig.origin.script(async (exchange) => {
      expect(exchange.header("expect")).toBe("100-continue");
      expect(source.isStarted).toBe(false);
      await exchange.send("HTTP/1.1 100 Continue\r\n\r\n");
      await exchange.body();
      await exchange.send(OK);
    });
    const interims: number[] = [];
    const { reply } = rig.send({
      method: "PUT",
      fields: ["Expect", "100-continue"],
      body: streamBody(source, 4),
      interim: (status) => interims.push(status),
    });
    await source.started();
    source.write("body");
    source.end();
    expect(await textOf((await reply).body)).toBe("ok");
    expect(String(await (await rig.origin.request()).body())).toBe("body");
    // Starting the content is what answers the client.
    expect(interims).toEqual([]);
    rig.origin.script(says(OK));
    await rig.get();
    expect(rig.origin.connections).toBe(1);
  });

  test("has its content started after a second of silence", async () => {
    const { reply } = send();
    await rig.origin.request();
    await rig.clock.advance(900);
    expect(source.isStarted).toBe(false);
    await rig.clock.advance(300);
    expect(source.isStarted).toBe(true);
    source.write("body");
    source.end();
    expect((await reply).status).toBe(200);
  });

  test("gets a final response without its content being touched, and the connection ends", async () => {
    rig.origin.script(says("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"));
    const { reply, outcome } = send();
    const { status, body } = await reply;
    expect([status, await textOf(body)]).toEqual([401, "no"]);
    expect(await outcome).toMatchObject({ ending: "complete", bytesSent: 0 });
    await (await rig.origin.request()).wire.ended();
    expect([source.isStarted, source.cancelledBy]).toEqual([false, undefined]);
    await rig.clock.advance(2_000);
    expect(source.isStarted).toBe(false);
  });

  test("keeps its content when the upstream is lost before it asked for it", async () => {
    rig.origin.script(({ wire }) => wire.reset());
    expect(await codeOf(send().reply)).toBe("upstream-reset");
    expect([source.isStarted, source.cancelledBy]).toEqual([false, undefined]);
  });
});

test("a 100 that nobody asked for is left out", async () => {
  const rig = await startRig({ script: says(`HTTP/1.1 100 Continue\r\n\r\n${OK}`) });
  const interims: number[] = [];
  const reply = await rig.get({ interim: (status) => interims.push(status) });
  expect([reply.status, interims]).toEqual([200, []]);
  await rig.end();
});
