/** A switch of protocols in an app on somebody else's server, which holds the connection. */
import { expect } from "vitest";
import { type Case, conformance, oneUpstream } from "../support/suite.ts";

const cases: Case[] = [
  {
    title: "is answered 501 and not sent on",
    run: async (stage) => {
      const fields = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ];
      expect((await stage.request("/", { fields })).status).toBe(501);
      expect(stage.origin.seen).toEqual([]);
    },
  },
];

conformance("switch of protocols in an app", { serves: "app", config: oneUpstream(), cases });
