/** `examples/portable.ts` pushes what it counts, on every runtime. */
import { afterAll, beforeAll, expect } from "vitest";
import { OtlpReceiver } from "../support/otlp-receiver.ts";
import { conformance } from "../support/suite.ts";

const SERVER = "http.server.request.duration";
const LABELS = ["http.request.method", "http.response.status_code", "error.type", "http.route"];

let receiver: OtlpReceiver | undefined;
const running = (): OtlpReceiver => {
  if (receiver === undefined) throw new Error("no receiver");
  return receiver;
};

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
});
afterAll(() => receiver?.stop());

conformance("metrics of the portable app", {
  serves: "portable",
  config: ([origin]) => ({
    upstreams: { main: origin },
    telemetry: { otlp: { endpoint: running().url } },
  }),
  cases: [
    {
      title: "collector gets as many requests as there were",
      run: async (stage) => {
        running().received.length = 0;
        for (let i = 0; i < 3; i += 1) await stage.request("/hello");
        await stage.request("/a", { method: "POST", body: "x" });
        stage.origin.script((x) => x.wire.reset());
        await stage.request("/b", { method: "POST", body: "x" });
        const headers = ["Content-Length: 10000001"];
        await stage.request("/c", { method: "POST", fields: headers });
        const total = (): number =>
          Object.values(running().counts(SERVER, LABELS)).reduce((sum, count) => sum + count, 0);
        await running().until(() => total() >= 6, "the collector to get six requests", 20_000);
        expect(running().counts(SERVER, LABELS)).toEqual({
          "GET 200  /hello": 3,
          "POST 200  /*": 1,
          "POST 502 502 /*": 1,
          "POST 413  /*": 1,
        });
        expect(running().received[0]?.contentType).toBe("application/x-protobuf");
      },
    },
  ],
});
