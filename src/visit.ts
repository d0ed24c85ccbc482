/** One request from its arrival to the end of its response. */
import type { Admission } from "./admission.ts";
import { type ReplyEditor, type ResponseEdits, editFields } from "./client-edits.ts";
import type { Arrival } from "./core/arrival.ts";
import { endpointAddress } from "./core/endpoint.ts";
import type { ProxyError } from "./core/errors.ts";
import type { ExchangeTrace } from "./core/exchange-trace.ts";
import type { Trail } from "./core/exchange.ts";
import type { Platform } from "./core/platform.ts";
import { type HttpReply, type Reply, type TunnelReply, statusOf } from "./core/reply.ts";

/** A reply, and the way to report what became of it. */
export interface Answer {
  readonly reply: Reply;
  /** What was decided from the head. */
  readonly admission: Admission;
  /** Why the reply is a problem of the proxy's own. */
  readonly failure: ProxyError | undefined;
  /** Edits that made the reply fit for the client. */
  readonly edits: ResponseEdits;
  /**
   * Called once by whoever sends the reply, when all of it has left, or with the reason why it did not.
   *
   * @param bytesSent content bytes that left, or bytes of a tunnel.
   */
  readonly ended: (error: ProxyError | undefined, bytesSent: number) => void;
}

export interface VisitParts {
  readonly arrival: Arrival;
  readonly admitted: Admission;
  readonly trail: Trail;
  readonly platform: Platform;
  readonly editor: ReplyEditor;
  /** Undefined where there are no traces. */
  readonly trace: ExchangeTrace | undefined;
  /** Lower-case name of the response field with the trace's id; undefined for none. */
  readonly traceField: string | undefined;
}

/** Status in reports of a client that left before it got a head. */
const CLIENT_CLOSED_REQUEST = 499;

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});

/** Collects what an `ExchangeReport` holds, and makes it once. */
export class Visit {
  readonly #parts: VisitParts;
  readonly #startedAt: number;
  #error: ProxyError | undefined;
  #reported = false;

  constructor(parts: VisitParts) {
    this.#parts = parts;
    const { telemetry, clock } = parts.platform;
    this.#startedAt = clock.now();
    try {
      telemetry.exchangeBegan?.(parts.arrival);
    } catch {
      // An observer's failure is not the exchange's.
    }
  }

  /** Notes why the exchange failed. */
  failed(error: ProxyError): ProxyError {
    this.#error = error;
    return error;
  }

  /** The client's view of `reply`. */
  replied(reply: HttpReply, edits: ResponseEdits): Answer {
    const { editor, admitted, trace, traceField } = this.#parts;
    const edited = editor.edit(reply, edits, admitted.id);
    if (trace === undefined || traceField === undefined) return this.#answer(edited, edits);
    const added = [...(edited.added ?? []), traceField, trace.traceId];
    return this.#answer({ ...edited, added }, edits);
  }

  tunnelled(reply: TunnelReply, edits: ResponseEdits): Answer {
    const { platform, admitted } = this.#parts;
    if (admitted.decision.kind === "routed") {
      try {
        platform.telemetry.tunnelOpened?.(admitted.decision.found.value.route.name);
      } catch {
        // An observer's failure is not the exchange's.
      }
    }
    const fields = editFields(reply.fields, edits, this.#parts.admitted.id);
    return this.#answer({ ...reply, fields }, edits);
  }

  #answer(reply: Reply, edits: ResponseEdits): Answer {
    return {
      reply,
      admission: this.#parts.admitted,
      failure: this.#error,
      edits,
      ended: (error, bytesSent) => this.#report(reply, error, bytesSent),
    };
  }

  #report(reply: Reply, error: ProxyError | undefined, bytesSent: number): void {
    const { arrival, admitted, trail, platform } = this.#parts;
    const { telemetry, clock } = platform;
    if (this.#reported || telemetry.exchangeEnded === undefined) return;
    this.#reported = true;
    const { decision, client } = admitted;
    const failure = this.#error ?? trail.failure ?? error;
    const { endpoint } = trail;
    try {
      telemetry.exchangeEnded({
        requestId: admitted.id,
        method: arrival.method,
        target: arrival.target,
        routedTarget: admitted.screened?.target,
        head: arrival,
        scheme: admitted.secure ? "https" : "http",
        host: client?.host,
        params: decision.kind === "routed" ? decision.found.params : NO_PARAMS,
        client: client?.address ?? arrival.peer.address,
        route: decision.kind === "routed" ? decision.found.value.route.name : undefined,
        routePath: decision.kind === "routed" ? decision.found.path : undefined,
        upstream: endpoint?.upstream,
        endpoint: endpoint && endpointAddress(endpoint),
        attempts: trail.attempts,
        trace: this.#parts.trace,
        last: trail.last,
        isTunnel: reply.kind === "tunnel",
        status:
          failure?.code === "client-closed" && bytesSent === 0 ? CLIENT_CLOSED_REQUEST : statusOf(reply),
        error: failure,
        bytesSent,
        startedAt: this.#startedAt,
        endedAt: clock.now(),
      });
    } catch {
      // An observer's failure is not the exchange's.
    }
  }
}
