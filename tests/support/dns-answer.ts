/** Answers of a name server (RFC 1035), for tests of resolvers. */
import { Buffer } from "node:buffer";

export interface DnsAnswers {
  readonly A?: readonly { readonly address: string; readonly ttl: number }[];
  readonly SRV?: readonly {
    readonly target: string;
    readonly port: number;
    readonly priority: number;
    readonly weight: number;
    readonly ttl: number;
  }[];
}

const TYPE_A = 1;
const TYPE_SRV = 33;
const HEADER_BYTES = 12;

/** The answer to `query`: the records of the type that it asks for; none is an empty answer. */
export const dnsAnswer = (query: Buffer, answers: DnsAnswers): Buffer => {
  const questionEnd = query.indexOf(0, HEADER_BYTES) + 5;
  const type = query.readUInt16BE(questionEnd - 4);
  const records =
    type === TYPE_A
      ? (answers.A ?? []).map(({ address, ttl }) =>
          record(type, ttl, Buffer.from(address.split(".").map(Number))),
        )
      : type === TYPE_SRV
        ? (answers.SRV ?? []).map(({ target, port, priority, weight, ttl }) =>
            record(type, ttl, Buffer.concat([words(priority, weight, port), name(target)])),
          )
        : [];
  const header = Buffer.concat([query.subarray(0, 2), words(0x8180, 1, records.length, 0, 0)]);
  return Buffer.concat([header, query.subarray(HEADER_BYTES, questionEnd), ...records]);
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
