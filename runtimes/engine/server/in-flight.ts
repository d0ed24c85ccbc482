/** What a connection is answering: one request at a time, from its head to the last byte of its response. */
import type { ProxyError } from "../../../src/core/errors.ts";
import type { Answer } from "../../../src/gateway.ts";
import type { IncomingRequest } from "./incoming-request.ts";
import type { ResponseWriter } from "./response-writer.ts";

/** For operators. */
export interface CurrentRequest {
  readonly method: string;
  /** Monotonic milliseconds. */
  readonly begunAt: number;
  readonly id: string | undefined;
  readonly route: string | undefined;
}

/** One for a connection, used again for each of its requests. */
export class InFlight {
  #request: IncomingRequest | undefined;
  #begunAt = 0;
  #answer: Answer | undefined;
  #writer: ResponseWriter | undefined;

  /** Undefined between requests. */
  get request(): IncomingRequest | undefined {
    return this.#request;
  }
  /** The answer, until it has been reported. */
  get answer(): Answer | undefined {
    return this.#answer;
  }
  /** Undefined until there is a response to write. */
  get writer(): ResponseWriter | undefined {
    return this.#writer;
  }

  /** The response has been handed to the socket. */
  get isWritten(): boolean {
    return this.#writer !== undefined && this.#answer === undefined;
  }

  /** Whether an interim response to `request` may go out. An attempt may outlast its request, which a layer has answered without it. */
  takesInterim(request: IncomingRequest): boolean {
    return request === this.#request && request.version === "1.1" && this.#writer === undefined;
  }

  /** The client may be waiting for `100 Continue`. */
  get expectsContinue(): boolean {
    const request = this.#request;
    return request?.notes.expect !== undefined && this.takesInterim(request);
  }

  /** The request as operators see it; its route is known with its answer. */
  get current(): CurrentRequest | undefined {
    const request = this.#request;
    if (request === undefined) return undefined;
    const { id, decision } = this.#answer?.admission ?? {};
    const route = decision?.kind === "routed" ? decision.found.value.route.name : undefined;
    return { method: request.method, begunAt: this.#begunAt, id, route };
  }

  /** @param now monotonic milliseconds */
  begin(request: IncomingRequest, now: number): void {
    this.#request = request;
    this.#begunAt = now;
  }

  answered(answer: Answer): void {
    this.#answer = answer;
  }

  writeWith(writer: ResponseWriter): void {
    this.#writer = writer;
  }

  /** Reports the answer's end, once. */
  report(error: ProxyError | undefined): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.ended(error, this.#writer?.bytesSent ?? 0);
  }

  cancel(error: ProxyError): void {
    this.#request?.cancel(error);
    this.#writer?.abort(error);
  }

  /** The request is dealt with. */
  end(): void {
    this.#request = undefined;
    this.#writer = undefined;
  }
}
