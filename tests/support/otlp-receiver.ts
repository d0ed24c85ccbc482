/** A collector of metrics for tests, by OTLP over HTTP. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Watched } from "./bound.ts";
import { OtlpDecoder } from "./otlp-messages.ts";

interface AnyValue {
  readonly stringValue?: string;
  readonly intValue?: number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

export interface OtlpPoint {
  readonly attributes: readonly KeyValue[];
  readonly startTimeUnixNano: number;
  readonly timeUnixNano: number;
  readonly asInt?: number;
  readonly asDouble?: number;
  readonly count?: number;
  readonly sum?: number;
  readonly bucketCounts?: readonly number[];
  readonly explicitBounds?: readonly number[];
}

interface OtlpData {
  /** 1 is delta, 2 cumulative. */
  readonly aggregationTemporality?: number;
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly OtlpPoint[];
}

export interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly sum?: OtlpData;
  readonly gauge?: OtlpData;
  readonly histogram?: OtlpData;
}

interface OtlpRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly OtlpMetric[] }[];
  }[];
}

/** One request, decoded. */
export interface Received {
  readonly contentType: string;
  readonly headers: IncomingMessage["headers"];
  readonly resource: Readonly<Record<string, Scalar | undefined>>;
  readonly metrics: readonly OtlpMetric[];
}

type Scalar = string | number | boolean;

const valueOf = ({ value }: KeyValue): Scalar | undefined => Object.values<Scalar>({ ...value })[0];

const recordOf = (attributes: readonly KeyValue[]): Record<string, Scalar | undefined> =>
  Object.fromEntries(attributes.map((each) => [each.key, valueOf(each)]));

/** Attributes that tell the series of a test apart, as `name=value` in their order. */
const keyOf = ({ attributes }: OtlpPoint, names: readonly string[]): string => {
  const record = recordOf(attributes);
  return names.map((name) => String(record[name] ?? "")).join(" ");
};

export class OtlpReceiver {
  readonly #server: Server;
  readonly #decoder = new OtlpDecoder("Metrics");
  readonly #changes = new Watched();
  readonly received: Received[] = [];
  /** Statuses of the next answers, before those of 200. */
  readonly refusals: number[] = [];
  /** Body of answers of 200. @default an empty message */
  answer: string | undefined;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async start(port = 0): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(port, "127.0.0.1", resolve));
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /**
   * Counts of a counter or a histogram in all that was received, by `attributes`: deltas added up, of cumulative values the last of
   * each sender.
   */
  counts(name: string, attributes: readonly string[]): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { metrics } of this.received) {
      const data = metrics
        .filter((metric) => metric.name === name)
        .map((metric) => metric.sum ?? metric.histogram);
      const own: Record<string, number> = {};
      for (const point of data.flatMap((each) => each?.dataPoints ?? [])) {
        const key = keyOf(point, attributes);
        own[key] = (own[key] ?? 0) + (point.count ?? point.asInt ?? point.asDouble ?? 0);
      }
      const isDelta = data.some((each) => each?.aggregationTemporality === 1);
      for (const [key, count] of Object.entries(own))
        counts[key] = isDelta ? (counts[key] ?? 0) + count : count;
    }
    return counts;
  }

  /** Waits until `condition` holds of what was received. */
  until(condition: () => boolean, what: string, boundMs?: number): Promise<true> {
    return this.#changes.until(
      () => (condition() ? true : undefined),
      () => `${what}; ${this.#summary()}`,
      boundMs,
    );
  }

  #summary(): string {
    return `${this.received.length} requests were received`;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) {
      response.writeHead(refusal, { "retry-after": "0" }).end();
      return;
    }
    const contentType = request.headers["content-type"] ?? "";
    const decoded = this.#decoder.decode(Buffer.concat(pieces), contentType) as OtlpRequest;
    for (const { resource, scopeMetrics } of decoded.resourceMetrics) {
      this.received.push({
        contentType,
        headers: request.headers,
        resource: recordOf(resource.attributes),
        metrics: scopeMetrics.flatMap(({ metrics }) => metrics),
      });
    }
    const empty = contentType.endsWith("json") ? "{}" : "";
    response.writeHead(200, { "content-type": contentType }).end(this.answer ?? empty);
    this.#changes.changed();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
