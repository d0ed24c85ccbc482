import { describe, expect, test } from "vitest";
import { type Body, NO_BODY } from "../../../src/core/body.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import type { HttpReply } from "../../../src/core/reply.ts";
import { replyOf } from "../../../src/web/reply.ts";
import { type ResponseOptions, responseOf } from "../../../src/web/response.ts";
import { Source, bytesBody, sourceOf, streamBody, textOf } from "../../support/reading.ts";

interface Made {
  readonly response: Response;
  readonly ends: [ProxyError | undefined, number][];
}

const make = (reply: Partial<HttpReply>, method = "GET", options: ResponseOptions = {}): Made => {
  const ends: Made["ends"] = [];
  const whole: HttpReply = { kind: "http", status: 200, fields: [], body: NO_BODY, ...reply };
  const response = responseOf(whole, { method, ended: (error, bytes) => ends.push([error, bytes]) }, options);
  return { response, ends };
};

const native = (text: string): Extract<Body, { kind: "native" }> => ({
  kind: "native",
  length: text.length,
  stream: new Blob([text]).stream(),
});

describe("reply as a response", () => {
  test("has its fields in order, cookies apart", () => {
    const fields = ["x-b", "1", "Set-Cookie", "a=1", "x-a", "2", "Set-Cookie", "b=2"];
    const { response } = make({ status: 404, fields, body: bytesBody("no") });
    expect(response.status).toBe(404);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect([response.headers.get("x-a"), response.headers.get("content-length")]).toEqual(["2", "2"]);
  });

  test("with content in memory has ended when it is made", async () => {
    const { response, ends } = make({ body: bytesBody("content") });
    expect(ends).toEqual([[undefined, 7]]);
    expect(await response.text()).toBe("content");
  });

  test.each([
    ["known", 7],
    ["unknown", undefined],
  ])("with a stream of %s length ends with its last byte", async (_, length) => {
    const { response, ends } = make({ body: streamBody(sourceOf(["con", "tent"]), length) });
    expect([ends, response.headers.get("content-length")]).toEqual([[], length?.toString() ?? null]);
    expect(await response.text()).toBe("content");
    expect(ends).toEqual([[undefined, 7]]);
  });

  test("ends with the client's leaving, which cancels the source", async () => {
    const source = new Source();
    const { response, ends } = make({ body: streamBody(source) });
    const reader = response.body?.getReader();
    const reading = reader?.read();
    await source.started();
    source.write("first");
    await reading;
    await reader?.cancel();
    expect((await source.cancelled()).code).toBe("client-closed");
    expect(ends).toMatchObject([[{ code: "client-closed" }, 5]]);
  });

  test("fails with its source after the head", async () => {
    const source = new Source();
    const { response, ends } = make({ body: streamBody(source) });
    const reading = response.text();
    await source.started();
    const failure = new ProxyError("upstream-reset");
    source.fail(failure);
    await expect(reading).rejects.toBe(failure);
    expect(ends).toEqual([[failure, 0]]);
  });

  test("passes a native stream on untouched where it is told to, and follows it elsewhere", async () => {
    const untouched = native("content");
    const passed = make({ body: untouched }, "GET", { passesThrough: true });
    expect(passed.response.body).toBe(untouched.stream);
    expect(passed.ends).toEqual([[undefined, 7]]);
    const followed = make({ body: native("content") });
    expect(followed.ends).toEqual([]);
    expect(await followed.response.text()).toBe("content");
    expect(followed.ends).toEqual([[undefined, 7]]);
  });

  test.each([
    ["HEAD", 200, bytesBody("content"), undefined, "7"],
    ["HEAD", 200, NO_BODY, 12, "12"],
    ["HEAD", 200, NO_BODY, undefined, null],
    ["GET", 204, bytesBody("content"), 7, null],
    ["GET", 304, NO_BODY, 12, "12"],
    ["GET", 304, NO_BODY, undefined, null],
  ] as const)(
    "to %s with %i has no content, and the length that is right",
    async (method, status, body, declaredLength, length) => {
      const { response, ends } = make({ status, body, declaredLength }, method);
      expect([response.body, response.headers.get("content-length")]).toEqual([null, length]);
      expect(ends).toEqual([[undefined, 0]]);
    },
  );

  test("drops content that it can't have", async () => {
    const source = new Source();
    make({ body: streamBody(source) }, "HEAD");
    expect((await source.cancelled()).code).toBe("internal");
  });

  test("can't switch protocols", async () => {
    const source = new Source();
    const ends: (string | undefined)[] = [];
    const tunnel = { kind: "bytes", fromUpstream: source, idleMs: 0, open: () => {} } as const;
    const response = responseOf(
      { kind: "tunnel", protocol: "websocket", fields: [], tunnel },
      { method: "GET", ended: (error) => ends.push(error?.code) },
    );
    expect(response.status).toBe(501);
    expect(ends).toEqual(["not-implemented"]);
    expect((await source.cancelled()).code).toBe("not-implemented");
  });
});

describe("response as a reply", () => {
  test("has end-to-end fields and an unread body", async () => {
    const headers: [string, string][] = [
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["content-length", "7"],
      ["connection", "close"],
    ];
    const reply = replyOf(new Response("content", { status: 203, headers }), "GET");
    expect(reply.fields.filter((_, index) => index % 2 === 0)).toEqual([
      "content-type",
      "set-cookie",
      "set-cookie",
    ]);
    expect(reply).toMatchObject({ status: 203, body: { kind: "native", length: 7 } });
    expect(await textOf(reply.body)).toBe("content");
  });

  test("to HEAD declares the length that it has no content for", () => {
    const reply = replyOf(new Response(null, { headers: { "content-length": "7" } }), "HEAD");
    expect([reply.body.kind, reply.declaredLength]).toEqual(["none", 7]);
  });
});
