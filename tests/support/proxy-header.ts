/** Headers of the PROXY protocol, as load balancers send them and as none ever should. */
import { crc32c } from "../../src/edge/proxy-checksum.ts";

export interface Node {
  readonly address: string;
  readonly port: number;
}

export const proxyV1 = (source: Node, destination: Node): Uint8Array => {
  const family = source.address.includes(":") ? "TCP6" : "TCP4";
  const addresses = `${source.address} ${destination.address} ${source.port} ${destination.port}`;
  return new TextEncoder().encode(`PROXY ${family} ${addresses}\r\n`);
};

export const tlv = (type: number, value: Uint8Array): Uint8Array =>
  Uint8Array.of(type, value.length >> 8, value.length & 0xff, ...value);

export interface V2Parts {
  readonly source?: Node;
  readonly destination?: Node;
  readonly version?: number;
  readonly command?: number;
  /** Family and transport. */
  readonly family?: number;
  /** Instead of those of `source` and `destination`. */
  readonly address?: Uint8Array;
  readonly tlvs?: readonly Uint8Array[];
  readonly checksum?: boolean;
}

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

const word = (value: number): number[] => [value >> 8, value & 0xff];

const bytesOf = (address: string): number[] => {
  if (!address.includes(":")) return address.split(".").map(Number);
  const [before = "", after] = address.split("::");
  const words = (text: string | undefined): number[] =>
    text === undefined || text === "" ? [] : text.split(":").map((part) => Number.parseInt(part, 16));
  const [front, back] = [words(before), words(after)];
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0);
  return [...front, ...zeros, ...back].flatMap(word);
};

export const proxyV2 = (parts: V2Parts): Uint8Array => {
  const { source, destination, version = 2, command = 1, tlvs = [], checksum = false } = parts;
  const family = parts.family ?? (source?.address.includes(":") === true ? 0x21 : 0x11);
  const address =
    parts.address ??
    Uint8Array.from(
      source === undefined || destination === undefined
        ? []
        : [
            ...bytesOf(source.address),
            ...bytesOf(destination.address),
            ...word(source.port),
            ...word(destination.port),
          ],
    );
  const rest = [address, ...tlvs, ...(checksum ? [tlv(0x03, new Uint8Array(4))] : [])].flatMap((part) => [
    ...part,
  ]);
  const header = Uint8Array.of(...SIGNATURE, (version << 4) | command, family, ...word(rest.length), ...rest);
  if (checksum) new DataView(header.buffer).setUint32(header.length - 4, crc32c(header));
  return header;
};
