import { serve } from "@hono/node-server";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { NodeArrival, nodeArrival } from "../../../../runtimes/node/arrival.ts";
import { listen } from "../../../../runtimes/node/listen.ts";
import type { Arrival } from "../../../../src/core/arrival.ts";
import { RawClient } from "../../../support/raw-client.ts";
import { head, listenConfig } from "./rig.ts";

type Look = (request: Request, env: unknown) => void | Promise<void>;

/** Shows a POST with the content `abc` to `look`, as Fairlead's server hands it over. */
const onOurServer = async (look: Look): Promise<void> => {
  const serving = await listen(
    async (request, env) => {
      await look(request, env);
      return new Response("ok");
    },
    { listen: listenConfig(), lifecycle: { draining: false } },
  );
  onTestFinished(async () => void (await serving.stop()));
  await post(serving.address.port);
};

/** The same on the server that an app started for itself. */
const onTheirServer = async (look: Look): Promise<void> => {
  const fetch = async (request: Request, env: unknown): Promise<Response> => {
    await look(request, env);
    return new Response("ok");
  };
  const server = serve({ fetch, port: 0, hostname: "127.0.0.1" });
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
  await new Promise<void>((resolve) => server.once("listening", resolve));
  await post((server.address() as AddressInfo).port);
};

const post = async (port: number): Promise<void> => {
  const client = await RawClient.connect(port);
  try {
    await client.send(`${head("POST", "/a?b", "Content-Length: 3")}abc`);
    expect((await client.response()).status).toBe(200);
  } finally {
    client.close();
  }
};

describe.each([
  ["Fairlead's server", onOurServer],
  ["@hono/node-server's", onTheirServer],
])("arrival on %s", (_name, serving) => {
  /** Of what `change` makes of the request, and whether its content is read from the server's own objects. */
  const arrivalOf = async (
    change: (request: Request) => Request | Promise<Request>,
  ): Promise<{ readonly arrival: Arrival; readonly isUnread: boolean }> => {
    let arrival: Arrival | undefined;
    let isUnread = false;
    await serving(async (request, env) => {
      arrival = nodeArrival(await change(request), env);
      isUnread = arrival instanceof NodeArrival && arrival.isUnread;
    });
    if (arrival === undefined) throw new Error("nothing arrived");
    return { arrival, isUnread };
  };

  test("request as it came is read from the server's own objects", async () => {
    expect((await arrivalOf((request) => request)).isUnread).toBe(true);
  });

  test("request whose fields and URL were only looked at still is", async () => {
    const { isUnread } = await arrivalOf((request) => {
      expect([request.headers.get("host"), request.method, request.signal.aborted]).toEqual([
        "rig.test",
        "POST",
        false,
      ]);
      return request;
    });
    expect(isUnread).toBe(true);
  });

  test.each<[string, (request: Request) => unknown]>([
    ["asked for", (request) => request.body],
    ["copied", (request) => request.clone()],
    ["read", (request) => request.text()],
  ])("content that was %s is no longer the server's to read", async (_how, touch) => {
    const { arrival, isUnread } = await arrivalOf(async (request) => {
      await touch(request);
      return request;
    });
    expect([arrival instanceof NodeArrival, isUnread]).toEqual([true, false]);
  });

  test("request of the app's own counts as it is, on the client's connection", async () => {
    const { arrival } = await arrivalOf(
      (request) => new Request("http://other.test/c", { method: "PUT", headers: request.headers }),
    );
    expect(arrival).not.toBeInstanceOf(NodeArrival);
    expect(arrival.head).toMatchObject({ method: "PUT", target: "/c", httpVersion: "1.1" });
    expect(arrival.head.authority).toBeUndefined();
    expect(arrival.body.present).toBe(false);
    expect(arrival.peer.address).toBe("127.0.0.1");
  });
});
