/** The content of a message, as transports and servers pass it on. */
import type { HeaderPairs } from "../http/header-edits.ts";
import type { ProxyError } from "./errors.ts";

/**
 * A closed union: transports switch on `kind` and never look behind it. A body has one owner at a time; the owner either
 * reads it to its end or cancels it.
 */
export type Body = NoBody | BytesBody | StreamBody | NativeBody;

export interface NoBody {
  readonly kind: "none";
}

/** All of it is in memory. */
export interface BytesBody {
  readonly kind: "bytes";
  readonly bytes: Uint8Array;
  /** As a source's: whoever hands the same bytes to more than one reader leaves it out. @default false */
  readonly givesMemory?: boolean | undefined;
}

/** Arrives piece by piece. */
export interface StreamBody {
  readonly kind: "stream";
  /** Bytes, where the framing tells; undefined for chunked and close-delimited bodies. */
  readonly length: number | undefined;
  readonly source: ByteSource;
}

/** A runtime's own stream, passed on without being read wherever that is possible. */
export interface NativeBody {
  readonly kind: "native";
  readonly length: number | undefined;
  readonly stream: ReadableStream<Uint8Array>;
}

/** Content that is kept from its beginning, so that it can be sent once more. */
export interface Replay {
  /** The content from its beginning, for the reader after the one before, which has ended or was cancelled. */
  next(): Body;
  /** Whether `next` can still be called: nothing that was read has been discarded. */
  readonly isReplayable: boolean;
}

/** Delivers bytes to one sink, at the sink's pace. */
export interface ByteSource {
  /**
   * Nothing else refers to the memory behind a piece, its whole `ArrayBuffer` included: a sink may free it once it is done with
   * the piece. @default false
   */
  readonly givesMemory?: boolean;
  /** Set where the content is kept: a reader may cancel this source and read `replay.next()` instead. */
  readonly replay?: Replay;
  /** Begins to deliver; called at most once. The first pieces may arrive before it returns. */
  start(sink: ByteSink): void;
  /** Goes on after `write` returned false. */
  resume(): void;
  /** The reader gives up. Nothing is delivered afterwards, and neither `end` nor `fail` is called. Idempotent. */
  cancel(reason: ProxyError): void;
}

/** Takes what a source delivers: any number of `write`, then `end` or `fail` once. */
export interface ByteSink {
  /**
   * Takes over `bytes`, which the source does not touch again. False asks the source to pause until `resume`; it MUST
   * NOT write more before.
   */
  write(bytes: Uint8Array): boolean;
  /** The body is complete. `trailers` holds name, value, …; mostly empty. */
  end(trailers: HeaderPairs): void;
  /** The body breaks off: what was delivered is not the whole. */
  fail(error: ProxyError): void;
}

export const NO_BODY: NoBody = Object.freeze({ kind: "none" });

/** Drops a body that nobody will read, so that its connection is released. */
export const cancelBody = (body: Body, reason: ProxyError): void => {
  if (body.kind === "stream") body.source.cancel(reason);
  else if (body.kind === "native" && !body.stream.locked) body.stream.cancel(reason).catch(() => {});
};
