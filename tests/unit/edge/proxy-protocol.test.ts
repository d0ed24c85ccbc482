import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c } from "../../../src/edge/proxy-checksum.ts";
import { MOST_HEADER_BYTES, readProxyHeader } from "../../../src/edge/proxy-protocol.ts";
import { proxyV1, proxyV2, tlv } from "../../support/proxy-header.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (bytes: Uint8Array): ReturnType<typeof readProxyHeader> => readProxyHeader(bytes);
const sourceOf = (bytes: Uint8Array): unknown => {
  const result = read(bytes);
  return result !== undefined && "header" in result && result.header.kind === "proxied"
    ? result.header.source
    : result;
};

const CLIENT = { address: "203.0.113.7", port: 56_324 };
const SERVER = { address: "192.0.2.1", port: 443 };

describe("PROXY header, version 1", () => {
  it("names client and server", () => {
    const bytes = proxyV1(CLIENT, SERVER);
    expect(read(bytes)).toEqual({
      header: { kind: "proxied", source: CLIENT, destination: SERVER },
      length: bytes.length,
    });
  });

  it("brings IPv6 addresses into their one spelling", () => {
    expect(sourceOf(ascii("PROXY TCP6 2001:DB8:0::1 ::1 1 2\r\n"))).toEqual({
      address: "2001:db8::1",
      port: 1,
    });
    expect(sourceOf(ascii("PROXY TCP6 ::ffff:10.0.0.1 ::1 1 2\r\n"))).toEqual({
      address: "10.0.0.1",
      port: 1,
    });
  });

  it.each(["UNKNOWN", "UNKNOWN ffff::1 ffff::2 1 2", "UNKNOWN rubbish"])("%s names nobody", (text) => {
    expect(sourceOf(ascii(`PROXY ${text}\r\n`))).toEqual({ address: "", port: undefined });
  });

  it.each([
    "TCP4 1.2.3.4 5.6.7.8 1 2 ",
    "TCP4 1.2.3.4  5.6.7.8 1 2",
    "TCP4 1.2.3.4 5.6.7.8 1",
    "TCP4 1.2.3.4 5.6.7.8 1 65536",
    "TCP4 1.2.3.4 5.6.7.8 01 2",
    "TCP4 1.2.3.4 5.6.7.8 +1 2",
    "TCP4 01.2.3.4 5.6.7.8 1 2",
    "TCP4 1.2.3 5.6.7.8 1 2",
    "TCP4 ::1 ::2 1 2",
    "TCP6 1.2.3.4 5.6.7.8 1 2",
    "TCP6 [::1] ::2 1 2",
    "TCP6 fe80::1%eth0 ::2 1 2",
    "tcp4 1.2.3.4 5.6.7.8 1 2",
    "UDP4 1.2.3.4 5.6.7.8 1 2",
    "UNKNOWNX",
    "",
  ])("refuses %j", (text) => {
    expect(read(ascii(`PROXY ${text}\r\n`))).toMatchObject({ kind: "fault" });
  });

  it("wants CRLF within 107 bytes", () => {
    expect(read(ascii("PROXY UNKNOWN\n"))).toMatchObject({ kind: "fault" });
    expect(read(ascii(`PROXY UNKNOWN ${"x".repeat(91)}\r\n`))).toMatchObject({ length: 107 });
    expect(read(ascii(`PROXY UNKNOWN ${"x".repeat(92)}\r\n`))).toMatchObject({ kind: "fault" });
    expect(read(ascii(`PROXY UNKNOWN ${"x".repeat(200)}`))).toMatchObject({ kind: "fault" });
  });
});

describe("PROXY header, version 2", () => {
  it.each([
    [CLIENT, SERVER],
    [
      { address: "2001:db8::1", port: 1 },
      { address: "2001:db8::2", port: 65_535 },
    ],
  ])("names client and server: %j", (source, destination) => {
    const bytes = proxyV2({ source, destination });
    expect(read(bytes)).toEqual({ header: { kind: "proxied", source, destination }, length: bytes.length });
  });

  it("takes LOCAL for the sender's own connection, whatever stands behind it", () => {
    for (const address of [new Uint8Array(0), new Uint8Array(50).fill(3)]) {
      const bytes = proxyV2({ command: 0, family: 0, address });
      expect(read(bytes)).toEqual({ header: { kind: "local" }, length: bytes.length });
    }
  });

  it.each([
    ["an unspecified family", { family: 0x00, address: new Uint8Array(0) }],
    ["an unspecified transport", { family: 0x10, address: new Uint8Array(12).fill(1) }],
    ["a Unix socket", { family: 0x31, address: new Uint8Array(216).fill(0x61) }],
  ])("%s names nobody", (_, parts) => {
    expect(sourceOf(proxyV2(parts))).toEqual({ address: "", port: undefined });
  });

  it("skips TLVs", () => {
    const tlvs = [
      tlv(0x02, ascii("example.com")),
      tlv(0xea, new Uint8Array(300)),
      tlv(0x04, new Uint8Array(0)),
    ];
    expect(sourceOf(proxyV2({ source: CLIENT, destination: SERVER, tlvs }))).toEqual(CLIENT);
  });

  it("verifies a checksum", () => {
    const parts = { source: CLIENT, destination: SERVER, tlvs: [tlv(0x02, ascii("a.test"))], checksum: true };
    const bytes = proxyV2(parts);
    expect(sourceOf(bytes)).toEqual(CLIENT);
    // Not the type of the checksum itself: with another one it is none.
    const type = bytes.length - 7;
    for (let at = 16; at < bytes.length; at += at + 1 === type ? 2 : 1) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(read(changed), `byte ${at}`).toMatchObject({ kind: "fault" });
    }
  });

  it("refuses two checksums, and one of another size", () => {
    const twice = [tlv(0x03, new Uint8Array(4)), tlv(0x03, new Uint8Array(4))];
    for (const tlvs of [twice, [tlv(0x03, new Uint8Array(3))]]) {
      expect(read(proxyV2({ source: CLIENT, destination: SERVER, tlvs }))).toMatchObject({
        kind: "fault",
        reason: expect.stringContaining("checksum"),
      });
    }
  });

  it.each([
    ["another version", { version: 1 }],
    ["an unknown command", { command: 2 }],
    ["an unknown family", { family: 0x41 }],
    ["datagrams", { family: 0x12 }],
    ["addresses that are too short", { address: new Uint8Array(11) }],
    ["half a TLV", { tlvs: [new Uint8Array(2)] }],
    ["a TLV that is longer than the header", { tlvs: [Uint8Array.of(0x04, 0, 5, 1)] }],
    ["more than is read", { tlvs: [tlv(0x04, new Uint8Array(MOST_HEADER_BYTES))] }],
  ])("refuses %s", (_, parts) => {
    expect(read(proxyV2({ source: CLIENT, destination: SERVER, ...parts }))).toMatchObject({ kind: "fault" });
  });

  it("refuses too long a header before the rest of it has come", () => {
    const head = proxyV2({ source: CLIENT, destination: SERVER }).slice(0, 16);
    head.set([0xff, 0xff], 14);
    expect(read(head)).toMatchObject({ kind: "fault" });
  });
});

describe("PROXY header", () => {
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6().filter((text) => !text.includes(".")),
  );
  const node = fc.record({ address, port: fc.nat(65_535) });
  const isV6 = ({ address: text }: { address: string }): boolean => text.includes(":");
  const pair = fc.tuple(node, node).filter(([a, b]) => isV6(a) === isV6(b));
  const header = fc.oneof(
    pair.map(([source, destination]) => proxyV1(source, destination)),
    fc
      .record({ nodes: pair, tlvs: fc.array(fc.uint8Array({ maxLength: 50 })), checksum: fc.boolean() })
      .map(({ nodes: [source, destination], tlvs, checksum }) =>
        proxyV2({ source, destination, checksum, tlvs: tlvs.map((value) => tlv(0x05, value)) }),
      ),
  );

  it("is read alike with any bytes behind it, and waits for each byte of it", () => {
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 40 }), (bytes, behind) => {
        const whole = read(bytes);
        expect(whole).toMatchObject({ length: bytes.length });
        expect(read(Uint8Array.of(...bytes, ...behind))).toEqual(whole);
        for (let length = 0; length < bytes.length; length++) {
          expect(read(bytes.subarray(0, length)), `${length} bytes`).toBeUndefined();
        }
      }),
    );
  });

  it("is bounded, and never throws", () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 5000 }),
      fc.uint8Array({ maxLength: 300 }).map((rest) => Uint8Array.of(...ascii("PROXY "), ...rest)),
      fc
        .uint8Array({ maxLength: 5000 })
        .map((rest) =>
          Uint8Array.of(...proxyV2({ source: CLIENT, destination: SERVER }).subarray(0, 12), ...rest),
        ),
    );
    fc.assert(
      fc.property(hostile, (bytes) => {
        const result = read(bytes);
        expect(result !== undefined || bytes.length < MOST_HEADER_BYTES).toBe(true);
        const length = result !== undefined && "length" in result ? result.length : 0;
        expect(length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });

  it.each(["GET / HTTP/1.1\r\n", "P\r", "\x16\x03\x01", "\r\n\r\n\r"])(
    "%j is none, from its first bytes on",
    (text) => {
      expect(read(ascii(text))).toEqual({ kind: "fault", reason: "no PROXY header" });
    },
  );
});

describe("crc32c", () => {
  it("agrees with RFC 3720 (B.4)", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(ascii("123456789"))).toBe(0xe3069283);
  });
});
