/** A collector of spans and log records for tests, by OTLP over HTTP. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Watched } from "./bound.ts";
import { OtlpDecoder } from "./otlp-messages.ts";

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Grouped<Name extends string, Inner extends string, Item> {
  readonly groups: readonly ({ readonly resource: { readonly attributes: readonly KeyValue[] } } & Readonly<
    Record<Name, readonly Readonly<Record<Inner, readonly Item[]>>[]>
  >)[];
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** 2 is server, 3 client. */
  readonly kind: number;
  readonly startTimeUnixNano: number;
  readonly endTimeUnixNano: number;
  /** 2 is an error. */
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly KeyValue[];
}

interface OtlpRecord {
  readonly traceId: string;
  readonly spanId: string;
  readonly severityText: string;
  readonly severityNumber: number;
  readonly eventName: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly attributes: readonly KeyValue[];
}

type Values = Readonly<Record<string, unknown>>;

export type CollectedSpan = Omit<OtlpSpan, "attributes"> & { readonly attributes: Values };
export type CollectedRecord = Omit<OtlpRecord, "attributes" | "body"> & {
  readonly body: unknown;
  readonly attributes: Values;
};

const recordOf = (attributes: readonly KeyValue[]): Values =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const IDS = /^(?:traceId|spanId|parentSpanId)$/;

/** `value` with all ids in another encoding. */
const recoded = (value: unknown, from: BufferEncoding, to: BufferEncoding): unknown => {
  if (Array.isArray(value)) return value.map((each) => recoded(each, from, to));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      IDS.test(key) && typeof inner === "string"
        ? Buffer.from(inner, from).toString(to)
        : recoded(inner, from, to),
    ]),
  );
};

export class RecordCollector {
  readonly #server: Server;
  readonly #spanDecoder = new OtlpDecoder("Trace");
  readonly #recordDecoder = new OtlpDecoder("Logs");
  readonly #changes = new Watched();
  readonly spans: CollectedSpan[] = [];
  readonly records: CollectedRecord[] = [];
  /** Resources of all requests. */
  readonly resources: Values[] = [];
  readonly contentTypes: string[] = [];
  /** All bytes as they came. */
  raw = "";
  /** Statuses of the next answers, before those of 200. */
  readonly refusals: number[] = [];

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async start(port = 0): Promise<RecordCollector> {
    const collector = new RecordCollector();
    await collector.listen(port);
    return collector;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  until<Value>(found: () => Value | undefined, what: string, boundMs?: number): Promise<Value> {
    return this.#changes.until(
      found,
      () => `${what}; there are ${this.spans.length} spans and ${this.records.length} records`,
      boundMs,
    );
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) {
      response.writeHead(refusal, { "retry-after": "0" }).end();
      return;
    }
    const path = request.url ?? "";
    const contentType = request.headers["content-type"] ?? "";
    const body = Buffer.concat(pieces);
    this.raw += body.toString("latin1");
    this.contentTypes.push(contentType);
    this.#keep(path, this.#decode(path, body, contentType));
    response.writeHead(200, { "content-type": contentType }).end(contentType.endsWith("json") ? "{}" : "");
    this.#changes.changed();
  }

  #decode(path: string, body: Buffer, contentType: string): unknown {
    const decoder = path === "/v1/traces" ? this.#spanDecoder : this.#recordDecoder;
    return recoded(
      decoder.decode(body, contentType, (json) => recoded(json, "hex", "base64")),
      "base64",
      "hex",
    );
  }

  #keep(path: string, decoded: unknown): void {
    if (path === "/v1/traces") {
      const { resourceSpans } = decoded as {
        readonly resourceSpans: Grouped<"scopeSpans", "spans", OtlpSpan>["groups"];
      };
      for (const { resource, scopeSpans } of resourceSpans) {
        this.resources.push(recordOf(resource.attributes));
        for (const span of scopeSpans.flatMap(({ spans }) => spans))
          this.spans.push({ ...span, attributes: recordOf(span.attributes) });
      }
      return;
    }
    const { resourceLogs } = decoded as {
      readonly resourceLogs: Grouped<"scopeLogs", "logRecords", OtlpRecord>["groups"];
    };
    for (const { resource, scopeLogs } of resourceLogs) {
      this.resources.push(recordOf(resource.attributes));
      for (const record of scopeLogs.flatMap(({ logRecords }) => logRecords)) {
        const [body] = Object.values(record.body);
        this.records.push({ ...record, body, attributes: recordOf(record.attributes) });
      }
    }
  }
}
