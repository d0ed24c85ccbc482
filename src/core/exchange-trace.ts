/** An exchange's place in a trace. */
export interface ExchangeTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Of the exchange: 16 digits. */
  readonly spanId: string;
  /** Span of the caller, where its context was taken over; then its `tracestate` goes on too. */
  readonly parentId: string | undefined;
  /** Whether spans are recorded, here and by upstreams. */
  readonly isSampled: boolean;
  /** Makes the id of an attempt's span. Where nothing is recorded, it is `spanId`. */
  readonly attemptId: () => string;
}

/** Places an exchange in a trace. */
export type BeginTrace = (
  fields: readonly string[],
  request: { readonly id: string; readonly isTrusted: boolean },
) => ExchangeTrace;
