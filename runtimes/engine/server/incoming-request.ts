/** A request on a client's connection, as the gateway sees it. */
import type { Arrival, Peer } from "../../../src/core/arrival.ts";
import { type Body, NO_BODY } from "../../../src/core/body.ts";
import { CancellationSource } from "../../../src/core/cancellation.ts";
import type { ConnectionTls } from "../../../src/core/connection-tls.ts";
import type { HeaderPairs } from "../../../src/http/header-edits.ts";
import type { ScreenProblem } from "../../../src/http/screen-problem.ts";
import { type FieldNotes, newFieldNotes } from "../../../src/http/field-notes.ts";
import type { Refusal } from "../../../src/http1/refusal.ts";
import type { RequestHead } from "../../../src/http1/request-head.ts";

/** What the connection knows for all its requests. */
export interface ConnectionFacts {
  readonly scheme: "http" | "https";
  readonly peer: Peer;
  readonly localPort: number | undefined;
  readonly tls: ConnectionTls | undefined;
}

/** Sends interim responses. */
export interface InterimWriter {
  writeInterim(request: IncomingRequest, status: number, fields: HeaderPairs): void;
}

/** Its own cancellation: one object a request. */
export class IncomingRequest extends CancellationSource implements Arrival {
  readonly method: string;
  readonly target: string;
  readonly version: "1.0" | "1.1";
  readonly fields: HeaderPairs;
  readonly notes: FieldNotes;
  readonly body: Body;
  readonly refusal: ScreenProblem | undefined;
  readonly authority: undefined = undefined;
  readonly request: undefined = undefined;
  readonly switchesTo = "bytes";
  readonly #connection: ConnectionFacts & InterimWriter;

  constructor(
    head: Omit<RequestHead, "version"> & { readonly version: "1.0" | "1.1" },
    body: Body,
    connection: ConnectionFacts & InterimWriter,
    refusal?: ScreenProblem,
  ) {
    super();
    this.method = head.method;
    this.target = head.target;
    this.version = head.version;
    this.fields = head.fields;
    this.notes = head.notes;
    this.body = body;
    this.refusal = refusal;
    this.#connection = connection;
  }

  get scheme(): "http" | "https" {
    return this.#connection.scheme;
  }
  get peer(): Peer {
    return this.#connection.peer;
  }
  get localPort(): number | undefined {
    return this.#connection.localPort;
  }
  get tls(): ConnectionTls | undefined {
    return this.#connection.tls;
  }
  get cancellation(): this {
    return this;
  }

  interim(status: number, fields: HeaderPairs): void {
    this.#connection.writeInterim(this, status, fields);
  }
}

/** Stands for a head that could not be read: nothing of it is believed. Never the upstream's fault. */
export const unreadableRequest = (
  { code, detail }: Pick<Refusal, "code" | "detail">,
  connection: ConnectionFacts & InterimWriter,
): IncomingRequest =>
  new IncomingRequest(
    { method: "", target: "", version: "1.1", fields: [], notes: newFieldNotes() },
    NO_BODY,
    connection,
    { code: code === "bad-upstream-response" ? "bad-request" : code, detail },
  );
