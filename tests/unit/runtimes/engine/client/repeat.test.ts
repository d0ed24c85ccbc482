/** Content of requests that met a kept connection just as its peer closed it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Body } from "../../../../../src/core/body.ts";
import { ProxyError } from "../../../../../src/core/errors.ts";
import { replayBody } from "../../../../../src/resilience/replay-body.ts";
import type { OriginExchange } from "../../../../support/raw-origin.ts";
import { Source, bytesBody, streamBody, textOf } from "../../../../support/reading.ts";
import { type Rig, codeOf, startRig } from "./rig.ts";

const KEPT = 64 * 1024;

const nativeBody = (text: string): Body => ({
  kind: "native",
  length: text.length,
  stream: new Blob([text]).stream(),
});

/** As a retry layer keeps it. */
const replayed = (text: string): Body => {
  const source = new Source(() => {
    source.write(text);
    source.end();
  });
  return replayBody(streamBody(source, text.length), KEPT).next();
};

describe("content of a request whose connection was closed unanswered", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
    await rig.get();
    rig.origin.reset();
  });
  afterEach(async () => {
    rig.origin.failures = [];
    await rig.end();
  });

  /** The next request loses its connection once `lose` resolves; the others are answered with their content. */
  const loseFirst = (lose: (exchange: OriginExchange) => Promise<unknown>): void => {
    let asked = 0;
    rig.origin.script(async (exchange) => {
      asked += 1;
      if (asked > 1) {
        await exchange.respond(200, {}, await exchange.body());
        return;
      }
      await lose(exchange);
      exchange.wire.reset();
    });
  };

  for (const [where, body] of [
    ["in memory", () => bytesBody("whole")],
    ["in a runtime's stream", () => nativeBody("whole")],
    ["that a retry layer keeps", () => replayed("whole")],
  ] as const) {
    test(`${where} is sent again`, async () => {
      loseFirst((exchange) => exchange.body());
      const { reply, outcome } = rig.send({ method: "PUT", body: body() });
      expect(await textOf((await reply).body)).toBe("whole");
      expect(await outcome).toMatchObject({ ending: "complete", reused: false, bytesSent: 5 });
      expect(rig.origin.seen).toEqual(["PUT /", "PUT /"]);
    });
  }

  test("that arrives in pieces is sent again from its beginning, and what is to come once", async () => {
    loseFirst((exchange) => exchange.bodyReceived(5));
    const source = new Source();
    const { reply } = rig.send({ method: "PUT", body: streamBody(source, 10) });
    await source.started();
    source.write("first");
    await rig.origin.request(1);
    source.write("later");
    source.end();
    expect(await textOf((await reply).body)).toBe("firstlater");
    expect(source.cancelledBy).toBeUndefined();
  });

  test("beyond 64 KiB is not sent again, and is given up", async () => {
    const more = "x".repeat(KEPT + 1);
    loseFirst((exchange) => exchange.bodyReceived(more.length));
    const source = new Source();
    const sent = rig.send({ method: "PUT", body: streamBody(source, more.length + 1) });
    await source.started();
    source.write(more);
    expect(await codeOf(sent.reply)).toBe("upstream-reset");
    expect((await source.cancelled()).code).toBe("upstream-reset");
    expect(rig.origin.seen).toHaveLength(1);
  });

  test("is given up with its client once it was begun again", async () => {
    const lost = Promise.withResolvers<void>();
    rig.origin.script(async (exchange) => {
      await exchange.bodyReceived(5);
      await lost.promise;
      exchange.wire.reset();
    });
    const source = new Source();
    const sent = rig.send({ method: "PUT", body: streamBody(source, 10) });
    await source.started();
    source.write("first");
    await (await rig.origin.request(0)).bodyReceived(5);
    lost.resolve();
    await rig.origin.request(1);
    sent.client.cancel(new ProxyError("client-closed"));
    expect(await codeOf(sent.reply)).toBe("client-closed");
    await source.cancelled();
  });

  test("of a POST is never sent again", async () => {
    loseFirst((exchange) => exchange.body());
    expect(await codeOf(rig.get({ method: "POST", body: bytesBody("order") }))).toBe("upstream-reset");
    expect(rig.origin.seen).toHaveLength(1);
  });
});
