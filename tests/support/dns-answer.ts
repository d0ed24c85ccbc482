/** Answers of a name server (RFC 1035), for tests of resolvers. */
import { Buffer } from "node:buffer";

interface AddressAnswer {
  readonly address: string;
  readonly ttl: number;
}

export interface DnsAnswers {
  readonly A?: readonly AddressAnswer[];
  /** All eight groups written out. */
  readonly AAAA?: readonly AddressAnswer[];
  readonly SRV?: readonly {
    readonly target: string;
    readonly port: number;
    readonly priority: number;
    readonly weight: number;
    readonly ttl: number;
  }[];
}

const TYPE_A = 1;
const TYPE_AAAA = 28;
const TYPE_SRV = 33;
const HEADER_BYTES = 12;

/** The name that is asked for, in lower case, and the type of its records. */
export const dnsQuestion = (query: Buffer): { readonly name: string; readonly type: string } => {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length).toLowerCase());
    at += length + 1;
  }
  const types: Readonly<Record<number, string>> = { [TYPE_A]: "A", [TYPE_AAAA]: "AAAA", [TYPE_SRV]: "SRV" };
  return { name: labels.join("."), type: types[query.readUInt16BE(at + 1)] ?? "other" };
};

/** The answer to `query`: the records of the type that it asks for; none is an empty answer. */
export const dnsAnswer = (query: Buffer, answers: DnsAnswers, code = 0): Buffer => {
  const questionEnd = query.indexOf(0, HEADER_BYTES) + 5;
  const type = query.readUInt16BE(questionEnd - 4);
  const records = recordsOf(type, answers);
  const header = Buffer.concat([query.subarray(0, 2), words(0x8180 | code, 1, records.length, 0, 0)]);
  return Buffer.concat([header, query.subarray(HEADER_BYTES, questionEnd), ...records]);
};

const recordsOf = (type: number, { A = [], AAAA = [], SRV = [] }: DnsAnswers): readonly Buffer[] => {
  switch (type) {
    case TYPE_A:
      return A.map(({ address, ttl }) => record(type, ttl, Buffer.from(address.split(".").map(Number))));
    case TYPE_AAAA:
      return AAAA.map(({ address, ttl }) =>
        record(type, ttl, words(...address.split(":").map((group) => Number.parseInt(group, 16)))),
      );
    case TYPE_SRV:
      return SRV.map(({ target, port, priority, weight, ttl }) =>
        record(type, ttl, Buffer.concat([words(priority, weight, port), name(target)])),
      );
    default:
      return [];
  }
};

/** Of the name that was asked for (a pointer to it). */
const record = (type: number, ttl: number, data: Buffer): Buffer =>
  Buffer.concat([words(0xc00c, type, 1, ttl >>> 16, ttl & 0xffff, data.length), data]);

const words = (...values: readonly number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => buffer.writeUInt16BE(value, i * 2));
  return buffer;
};

const name = (text: string): Buffer =>
  Buffer.concat([
    ...text
      .split(".")
      .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, "latin1")])),
    Buffer.from([0]),
  ]);
