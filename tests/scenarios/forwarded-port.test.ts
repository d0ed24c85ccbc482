/** `X-Forwarded-Port`: what a trusted proxy tells, else the listener's own. */
import { expect } from "vitest";
import { conformance, oneUpstream } from "../support/suite.ts";

const told = "X-Forwarded-Port: 8443";

conformance("forwarded port from trusted proxies", {
  config: oneUpstream({ listen: { trustedProxies: "127.0.0.1" } }),
  cases: [
    {
      title: "port of a trusted proxy is passed on",
      run: async (stage) => {
        await stage.request("/", {
          fields: ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", told],
        });
        expect((await stage.origin.request()).head.fields.all("x-forwarded-port")).toEqual(["8443"]);
      },
    },
    {
      title: "port of a trusted proxy that is no number is not passed on",
      run: async (stage) => {
        await stage.request("/", {
          fields: ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Port: 80<script>"],
        });
        expect((await stage.origin.request()).header("x-forwarded-port") ?? "").not.toContain("script");
      },
    },
  ],
});

conformance("forwarded port from untrusted clients", {
  config: oneUpstream(),
  cases: [
    {
      title: "listener's own port is sent",
      run: async (stage) => {
        await stage.request("/", { host: `example.test:${stage.proxy.port}` });
        expect((await stage.origin.request()).head.fields.all("x-forwarded-port")).toEqual([
          String(stage.proxy.port),
        ]);
      },
    },
    {
      title: "client's own word is replaced",
      seenAt: ["fastify/fastify#5865"],
      run: async (stage) => {
        await stage.request("/", { host: `example.test:${stage.proxy.port}`, fields: [told] });
        expect((await stage.origin.request()).head.fields.all("x-forwarded-port")).toEqual([
          String(stage.proxy.port),
        ]);
      },
    },
  ],
});

conformance("forwarded port switched off", {
  config: oneUpstream({ forwarding: { xForwarded: false } }),
  cases: [
    {
      title: "no port is sent, also not the client's",
      run: async (stage) => {
        await stage.request("/", { fields: [told] });
        expect((await stage.origin.request()).header("x-forwarded-port")).toBeUndefined();
      },
    },
  ],
});
