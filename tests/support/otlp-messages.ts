/** The messages of OTLP (opentelemetry-proto 1.x) that tests read, apart from what the proxy encodes with. */
import protobuf from "protobufjs";

/** Fields of each message: type, name and number; `*` where there may be several. */
const MESSAGES: Readonly<Record<string, readonly string[]>> = {
  ExportMetricsServiceRequest: ["ResourceMetrics* resourceMetrics 1"],
  ResourceMetrics: ["Resource resource 1", "ScopeMetrics* scopeMetrics 2"],
  ScopeMetrics: ["Metric* metrics 2"],
  Metric: [
    "string name 1",
    "string description 2",
    "string unit 3",
    "Data gauge 5",
    "Data sum 7",
    "HistogramData histogram 9",
  ],
  Data: ["Point* dataPoints 1", "int32 aggregationTemporality 2", "bool isMonotonic 3"],
  HistogramData: ["HistogramPoint* dataPoints 1", "int32 aggregationTemporality 2"],
  Point: [
    "fixed64 startTimeUnixNano 2",
    "fixed64 timeUnixNano 3",
    "double asDouble 4",
    "sfixed64 asInt 6",
    "KeyValue* attributes 7",
  ],
  HistogramPoint: [
    "fixed64 startTimeUnixNano 2",
    "fixed64 timeUnixNano 3",
    "fixed64 count 4",
    "double sum 5",
    "fixed64* bucketCounts 6",
    "double* explicitBounds 7",
    "KeyValue* attributes 9",
  ],
  ExportTraceServiceRequest: ["ResourceSpans* resourceSpans 1"],
  ResourceSpans: ["Resource resource 1", "ScopeSpans* scopeSpans 2"],
  ScopeSpans: ["Span* spans 2"],
  Span: [
    "bytes traceId 1",
    "bytes spanId 2",
    "string traceState 3",
    "bytes parentSpanId 4",
    "string name 5",
    "int32 kind 6",
    "fixed64 startTimeUnixNano 7",
    "fixed64 endTimeUnixNano 8",
    "KeyValue* attributes 9",
    "Status status 15",
    "fixed32 flags 16",
  ],
  Status: ["string message 2", "int32 code 3"],
  ExportLogsServiceRequest: ["ResourceLogs* resourceLogs 1"],
  ResourceLogs: ["Resource resource 1", "ScopeLogs* scopeLogs 2"],
  ScopeLogs: ["LogRecord* logRecords 2"],
  LogRecord: [
    "fixed64 timeUnixNano 1",
    "int32 severityNumber 2",
    "string severityText 3",
    "AnyValue body 5",
    "KeyValue* attributes 6",
    "fixed32 flags 8",
    "bytes traceId 9",
    "bytes spanId 10",
    "fixed64 observedTimeUnixNano 11",
    "string eventName 12",
  ],
  Resource: ["KeyValue* attributes 1"],
  KeyValue: ["string key 1", "AnyValue value 2"],
  AnyValue: [
    "string stringValue 1",
    "bool boolValue 2",
    "int64 intValue 3",
    "double doubleValue 4",
    "ArrayValue arrayValue 5",
  ],
  ArrayValue: ["AnyValue* values 1"],
};

const fieldOf = (text: string): protobuf.Field => {
  const [type = "", name = "", number] = text.split(" ");
  return type.endsWith("*")
    ? new protobuf.Field(name, Number(number), type.slice(0, -1), "repeated")
    : new protobuf.Field(name, Number(number), type);
};

const definitions = (): protobuf.Root => {
  const root = new protobuf.Root();
  for (const [name, fields] of Object.entries(MESSAGES)) {
    const type = new protobuf.Type(name);
    for (const field of fields) type.add(fieldOf(field));
    root.add(type);
  }
  return root;
};

/** Decodes and checks requests of one signal, in either encoding. */
export class OtlpDecoder {
  readonly #type: protobuf.Type;

  constructor(signal: "Metrics" | "Trace" | "Logs") {
    this.#type = definitions().lookupType(`Export${signal}ServiceRequest`);
  }

  /** @param json makes bytes of the texts in a JSON request that stand for bytes */
  decode(body: Buffer, contentType: string, json: (value: unknown) => unknown = (value) => value): unknown {
    const type = this.#type;
    const message = contentType.endsWith("json")
      ? type.fromObject(json(JSON.parse(body.toString())) as Record<string, unknown>)
      : type.decode(body);
    const problem = type.verify(message);
    if (problem !== null) throw new Error(`no OTLP: ${problem}`);
    return type.toObject(message, { longs: Number, arrays: true, bytes: String });
  }
}
