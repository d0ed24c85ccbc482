/** What is known of an attempt so far, for the outcome that it is settled with. */
import type { ErrorCode, ProxyError } from "../../../src/core/errors.ts";
import type { Attempt } from "../../../src/core/exchange.ts";
import type { Progress } from "../../../src/core/outcome.ts";
import type { Clock } from "../../../src/core/platform.ts";
import type { ResponseHead } from "../../../src/http1/response-head.ts";
import { attemptFailure } from "./failures.ts";

export class AttemptRecord {
  readonly #attempt: Attempt;
  readonly #clock: Clock;
  readonly startedAt: number;
  progress: Progress = "connecting";
  bytesSent = 0;
  bytesReceived = 0;
  isSettled = false;
  #reused = false;
  #connectedAt: number | undefined;
  #headAt: number | undefined;
  #status: number | undefined;
  #version: string | undefined;

  constructor(attempt: Attempt, clock: Clock) {
    this.#attempt = attempt;
    this.#clock = clock;
    this.startedAt = clock.now();
  }

  /** The request goes out now. */
  acquired(now: number, reused: boolean): void {
    this.#connectedAt = now;
    this.#reused = reused;
    this.progress = "sent";
  }

  /** The final response's head has come. */
  answered(now: number, { status, version }: Pick<ResponseHead, "status" | "version">): void {
    this.#headAt = now;
    this.#status = status;
    this.#version = version;
    this.progress = "head";
  }

  /** How much of the content went out: as far as `upload` got, where it took one. */
  noteSent(upload: { readonly bytes: number } | undefined): void {
    const { body } = this.#attempt;
    if (upload !== undefined) this.bytesSent = upload.bytes;
    else if (body.kind === "bytes" && this.progress !== "connecting") this.bytesSent = body.bytes.length;
  }

  /** A failure of the endpoint, with how far the attempt has come. @param what the end of a sentence that begins with its name */
  failure(code: ErrorCode, what: string): ProxyError {
    return attemptFailure(code, this.#attempt.endpoint, { what, progress: this.progress });
  }

  /** Settles the attempt; later calls do nothing. @param error why it failed; undefined where it is complete */
  settle(error: ProxyError | undefined): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#attempt.settle({
      ending: error === undefined ? "complete" : "failed",
      progress: error === undefined ? "done" : this.progress,
      status: this.#status,
      version: this.#version,
      error,
      bytesSent: this.bytesSent,
      bytesReceived: this.bytesReceived,
      reused: this.#reused,
      times: {
        startedAt: this.startedAt,
        connectedAt: this.#connectedAt,
        headAt: this.#headAt,
        endedAt: this.#clock.now(),
      },
    });
  }
}
