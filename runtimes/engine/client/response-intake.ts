/** Reads the responses of one connection, one after the other. */
import { type BodyDecoder, bodyDecoder } from "../../../src/http1/body-decoder.ts";
import { type BodyLength, responseBodyLength } from "../../../src/http1/body-length.ts";
import { type HeadFormat, HeadReader } from "../../../src/http1/head-reader.ts";
import { isRefusal, refuseResponse } from "../../../src/http1/refusal.ts";
import {
  type ResponseHead,
  type ResponseHeadLimits,
  responseHeads,
} from "../../../src/http1/response-head.ts";
import { latin1 } from "../latin1.ts";

/** Fields of a response; the bytes are what is limited in earnest. */
const MAX_FIELDS = 1_000;
/** Servers send a few: hints, or signs of life while they work. */
const MAX_INTERIM_HEADS = 64;

/** What a response is made of, in this order. */
export interface ResponseReceiver {
  /** 101, and what came behind it, valid until it returns: nothing more is read. */
  switched(head: ResponseHead, rest: Uint8Array): void;
  /** Other 1xx; false ends reading. */
  interim(head: ResponseHead): boolean;
  /** The final head. `whole` is the content where all of it came with the head, and no trailers behind it. */
  head(head: ResponseHead, length: BodyLength, whole: Uint8Array | undefined): void;
  /** A piece of content, which may be freed, with all that was read, before it returns. */
  content(bytes: Uint8Array): void;
  /** The content is complete. `hasExcess` tells that something came behind it that belongs to no request. */
  complete(trailers: readonly string[], hasExcess: boolean): void;
  /** The response breaks a rule. */
  malformed(detail: string): void;
}

const NOTHING = new Uint8Array(0);
const NO_TRAILERS: readonly string[] = Object.freeze([]);

/** How the responses of an endpoint are read: one for all of its connections. */
export interface ResponseFormat {
  readonly limits: ResponseHeadLimits;
  readonly heads: HeadFormat<ResponseHead>;
}

export const responseFormat = (maxHeadBytes: number): ResponseFormat => {
  const limits = { headerBytes: maxHeadBytes, headers: MAX_FIELDS };
  return { limits, heads: responseHeads(latin1, limits) };
};

export class ResponseIntake {
  readonly #limits: ResponseHeadLimits;
  readonly #heads: HeadReader<ResponseHead>;
  #method = "";
  #decoder: BodyDecoder | undefined;
  #interims = 0;
  /** Whether a byte of the response has come. */
  hasBegun = false;

  constructor({ limits, heads }: ResponseFormat) {
    this.#limits = limits;
    this.#heads = new HeadReader(heads);
  }

  /** What comes next answers a request with this method. */
  begin(method: string): void {
    this.#method = method;
    this.#decoder = undefined;
    this.#interims = 0;
    this.hasBegun = false;
  }

  push(bytes: Uint8Array, receiver: ResponseReceiver): void {
    this.hasBegun = true;
    if (this.#decoder !== undefined) {
      this.#content(this.#decoder, this.#decoder.push(bytes, 0), bytes, receiver);
      return;
    }
    let at = 0;
    do {
      const head = this.#heads.push(bytes, at);
      if (head === undefined) return;
      if (isRefusal(head)) {
        receiver.malformed(head.detail);
        return;
      }
      at = this.#heads.end;
      if (head.status >= 200) {
        this.#final(head, bytes, at, receiver);
        return;
      }
      if (head.status === 101) {
        receiver.switched(head, bytes.subarray(at));
        return;
      }
      if (++this.#interims > MAX_INTERIM_HEADS) {
        receiver.malformed(`more than ${MAX_INTERIM_HEADS} interim responses`);
        return;
      }
      if (!receiver.interim(head)) return;
    } while (at < bytes.length);
  }

  /** The connection has ended. False where that leaves the response incomplete. */
  end(receiver: ResponseReceiver): boolean {
    if (this.#decoder === undefined || this.#decoder.end() !== undefined) return false;
    receiver.complete(this.#decoder.trailers, false);
    return true;
  }

  #final(head: ResponseHead, bytes: Uint8Array, at: number, receiver: ResponseReceiver): void {
    const length = responseBodyLength(this.#method, head.status, head.notes);
    if (length === "none" || length === 0) {
      receiver.head(head, length, NOTHING);
      receiver.complete(NO_TRAILERS, at < bytes.length);
      return;
    }
    if (typeof length === "number" && bytes.length - at >= length) {
      receiver.head(head, length, bytes.subarray(at, at + length));
      receiver.complete(NO_TRAILERS, at + length < bytes.length);
      return;
    }
    const decoder = bodyDecoder(length, refuseResponse, this.#limits);
    this.#decoder = decoder;
    const end = at < bytes.length ? decoder.push(bytes, at) : at;
    if (decoder.done && decoder.trailers.length === 0) {
      receiver.head(head, length, decoder.data);
      receiver.complete(NO_TRAILERS, end < bytes.length);
      return;
    }
    receiver.head(head, length, undefined);
    if (at < bytes.length) this.#content(decoder, end, bytes, receiver);
  }

  #content(decoder: BodyDecoder, end: number, bytes: Uint8Array, receiver: ResponseReceiver): void {
    // Looked at first: whoever takes the content may free the memory of all that was read, which has no length then.
    const hasExcess = end < bytes.length;
    if (decoder.data.length > 0) receiver.content(decoder.data);
    if (decoder.refusal !== undefined) receiver.malformed(decoder.refusal.detail);
    else if (decoder.done) receiver.complete(decoder.trailers, hasExcess);
  }
}
