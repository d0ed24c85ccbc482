import { describe, expect, it } from "vitest";
import { isTunnelProtocol } from "../../../src/http/tunnel-protocol.ts";

describe("protocol of a tunnel", () => {
  it.each(["h2c", "H2C", "h2", "HTTP/2.0", "http", "TLS/1.2", "", "a b", "a, b", "a/b/c"])(
    "is never %j",
    (protocol) => {
      expect(isTunnelProtocol(protocol)).toBe(false);
    },
  );

  it.each(["websocket", "example/1", "docker-raw-stream"])("may be %j", (protocol) => {
    expect(isTunnelProtocol(protocol)).toBe(true);
  });
});
