/** Spans and log records in OpenTelemetry's own encodings. */
import {
  JsonLogsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { Attributes } from "./observe/attributes.ts";
import type { LogLevel } from "./observe/event-log.ts";
import { hrTime } from "./observe/hr-time.ts";
import type { LogRecord } from "./observe/log-record.ts";
import type { Span } from "./observe/span.ts";
import { rejectedReader } from "./otlp/collector-answer.ts";

type Encoding = "http/protobuf" | "http/json";
type OtelSpan = Parameters<typeof JsonTraceSerializer.serializeRequest>[0][number];
type OtelRecord = Parameters<typeof JsonLogsSerializer.serializeRequest>[0][number];

/** Encodes items for a collector, and reads its answer. */
export interface RecordEncoding<Item> {
  encode(items: readonly Item[]): Uint8Array<ArrayBuffer> | undefined;
  /** Finds in the answer how many items the collector has not taken, unchecked. Throws where it can't be read. */
  rejectedIn(answer: Uint8Array): unknown;
}

export interface EncodingOptions {
  readonly protocol: Encoding;
  /** Who reports. */
  readonly resource: Attributes;
  readonly version: string;
}

export const spanEncoding = ({ protocol, ...options }: EncodingOptions): RecordEncoding<Span> => {
  const isJson = protocol === "http/json";
  const serializer = isJson ? JsonTraceSerializer : ProtobufTraceSerializer;
  const source = sourceOf(options);
  return {
    encode: (spans) => owned(serializer.serializeRequest(spans.map((span) => otelSpan(span, source)))),
    rejectedIn: rejectedReader(isJson, ProtobufTraceSerializer, "rejectedSpans"),
  };
};

export const logEncoding = ({ protocol, ...options }: EncodingOptions): RecordEncoding<LogRecord> => {
  const isJson = protocol === "http/json";
  const serializer = isJson ? JsonLogsSerializer : ProtobufLogsSerializer;
  const source = sourceOf(options);
  return {
    encode: (records) =>
      owned(serializer.serializeRequest(records.map((record) => otelRecord(record, source)))),
    rejectedIn: rejectedReader(isJson, ProtobufLogsSerializer, "rejectedLogRecords"),
  };
};

const owned = (bytes: Uint8Array | undefined): Uint8Array<ArrayBuffer> | undefined =>
  bytes && new Uint8Array(bytes);

type Source = Pick<OtelSpan, "resource" | "instrumentationScope">;

/** The same object for all items: the serializers group by it. */
const sourceOf = ({ resource, version }: Omit<EncodingOptions, "protocol">): Source => ({
  resource: resourceFromAttributes(resource),
  instrumentationScope: { name: "fairlead", version },
});

const SAMPLED = 1;
const [OK_UNSET, ERROR] = [0, 2];
/** As OpenTelemetry numbers them. */
const KINDS = { server: 1, client: 2 } as const;

const otelSpan = (span: Span, source: Source): OtelSpan => {
  const { traceId, parentId, failure, startedAt, endedAt } = span;
  return {
    ...source,
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => ({ traceId, spanId: span.spanId, traceFlags: SAMPLED }),
    ...(parentId !== undefined && {
      parentSpanContext: { traceId, spanId: parentId, traceFlags: SAMPLED, isRemote: span.isParentRemote },
    }),
    startTime: hrTime(startedAt),
    endTime: hrTime(endedAt),
    duration: hrTime(endedAt - startedAt),
    status: failure === undefined ? { code: OK_UNSET } : { code: ERROR, message: failure },
    attributes: span.attributes,
    links: [],
    events: [],
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
};

const SEVERITIES: Readonly<Record<LogLevel, number>> = { debug: 5, info: 9, warning: 13, error: 17 };

const otelRecord = (
  { at, level, event, message, attributes, trace }: LogRecord,
  source: Source,
): OtelRecord => ({
  ...source,
  hrTime: hrTime(at),
  hrTimeObserved: hrTime(at),
  severityText: level,
  severityNumber: SEVERITIES[level],
  body: message,
  eventName: event,
  attributes,
  droppedAttributesCount: 0,
  ...(trace && {
    spanContext: {
      traceId: trace.traceId,
      spanId: trace.spanId,
      traceFlags: trace.isSampled ? SAMPLED : 0,
    },
  }),
});
