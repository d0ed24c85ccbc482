/** Requests as servers that speak fetch hand them over: Web-standard `Request` in, `Arrival` out. */
import type { Arrival, Peer } from "../core/arrival.ts";
import { type Body, NO_BODY } from "../core/body.ts";
import { type Cancellation, NEVER_CANCELLED } from "../core/cancellation.ts";
import { UNKNOWN_PEER } from "../core/peer.ts";
import {
  type FieldNotes,
  checkFraming,
  newFieldNotes,
  noteField,
  settleNominated,
} from "../http/field-notes.ts";
import { isSaneValue } from "../http/field-sanity.ts";
import type { HeaderPairs } from "../http/header-edits.ts";
import { firstValue } from "../http/headers.ts";
import { type ScreenProblem, malformed } from "../http/screen-problem.ts";
import { authorityOf, targetOf } from "../http/url-text.ts";
import { ClientLeft, type SignalPatience } from "./client-left.ts";
import { type FieldValues, LATIN1_VALUES } from "./field-values.ts";
import { requestBody } from "./request-body.ts";

/** What a server knows of a request besides the `Request`. Asked for only what is needed. */
export interface ServerRequest {
  /** The other end of the connection. */
  peer?(): Peer;
  /** See `Arrival.areas`. */
  areas?(): readonly string[];
  /** Port that the client connected to. */
  readonly localPort?: number | undefined;
  /** `"1.0"` or `"1.1"`. */
  readonly version?: string | undefined;
  /** The fields as they came over the wire (name, value, …): where `Headers` join several, these don't. */
  readonly rawFields?: HeaderPairs | undefined;
  /** The target as it came over the wire: in absolute-form it names an authority, which must agree with `Host`. */
  readonly rawTarget?: string | undefined;
  /** Whether the request is one that a server made, and not one that the app put in its place. */
  isOriginal?(request: Request): boolean;
}

export interface ArrivalOptions {
  /** What the server that made `request` knows more; `env` is Hono's `c.env`. @default nothing */
  readonly server?: ((request: Request, env: unknown) => ServerRequest | undefined) | undefined;
  /** Other end of the connection of requests that no server knows more of. @default unknown */
  readonly peer?: Peer | undefined;
  /** How `Headers` hold field values. @default one character a byte, as the standard has it */
  readonly values?: FieldValues | undefined;
  /** Whether the URL's authority came with the request line, and not from `Host`. @default false */
  readonly urlTellsAuthority?: boolean | undefined;
  /** Whether bodies are left to the runtime to copy. @default false */
  readonly passesThrough?: boolean | undefined;
  /** Whether `request.signal` aborts when the client leaves. @default true */
  readonly signalsAbort?: boolean | undefined;
  /** Whether the runtime's own WebSockets pass through. @default false */
  readonly webSockets?: boolean | undefined;
  /** How long an exchange may take before the signal is looked at. @default it is looked at at once */
  readonly signalPatience?: SignalPatience | undefined;
}

/** Reads Web requests; see `Platform.arrive`. */
export type Arrive = (request: Request, env: unknown, original?: Request) => FetchArrival;

/**
 * Reads Web requests.
 *
 * What the app changed counts: fields, method, target and content are those of the `Request`. What came over the wire is
 * looked at for ambiguities that a `Request` does not show.
 */
export const arrivals =
  (options: ArrivalOptions = {}): Arrive =>
  (request, env, original = request) =>
    new FetchArrival(request, options.server?.(original, env), options);

const NOTHING: ServerRequest = Object.freeze({});

/** Fields read off a `Request`. */
interface ReadFields {
  readonly fields: HeaderPairs;
  readonly notes: FieldNotes;
  readonly refusal: ScreenProblem | undefined;
}

export class FetchArrival implements Arrival {
  readonly request: Request;
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly target: string;
  readonly authority: string | undefined;
  readonly version: string | undefined;
  readonly fields: HeaderPairs;
  readonly notes: FieldNotes;
  readonly refusal: ScreenProblem | undefined;
  readonly #server: ServerRequest;
  readonly #options: ArrivalOptions;
  #body: Body | undefined;
  #peer: Peer | undefined;
  #cancellation: Cancellation | undefined;

  constructor(request: Request, server: ServerRequest | undefined, options: ArrivalOptions) {
    const { url, method } = request;
    this.request = request;
    this.#server = server ?? NOTHING;
    this.#options = options;
    this.method = method;
    this.scheme = url.startsWith("https:") ? "https" : "http";
    this.target = targetOf(url);
    this.version = this.#server.version;
    const { fields, notes, refusal } = readFields(
      request.headers,
      options.values ?? LATIN1_VALUES,
      this.version,
    );
    this.fields = fields;
    this.notes = notes;
    if (!this.#declaresContent && this.#hasContentOfApp()) notes.chunked = true;
    this.authority = this.#authorityIn(url);
    this.refusal = refusal ?? wireProblem(this.#server);
  }

  get body(): Body {
    return (this.#body ??= this.#readBody());
  }

  get peer(): Peer {
    return (this.#peer ??= this.#server.peer?.() ?? this.#options.peer ?? UNKNOWN_PEER);
  }

  areas(): readonly string[] {
    return this.#server.areas?.() ?? [];
  }

  get localPort(): number | undefined {
    return this.#server.localPort;
  }

  get switchesTo(): Arrival["switchesTo"] {
    return this.#options.webSockets === true ? "web-socket" : "nothing";
  }

  get cancellation(): Cancellation {
    const { signalsAbort, signalPatience } = this.#options;
    return (this.#cancellation ??=
      signalsAbort === false ? NEVER_CANCELLED : new ClientLeft(this.request, signalPatience));
  }

  /** A `Response` is one and final. */
  interim(): void {}

  get #declaresContent(): boolean {
    return this.notes.chunked || (this.notes.contentLength ?? 0) > 0;
  }

  #readBody(): Body {
    return this.#declaresContent
      ? requestBody(this.request, this.notes.contentLength, this.#options.passesThrough === true)
      : NO_BODY;
  }

  /**
   * Content without framing is the app's own. A request as it came has none then, although it may have a body object, which
   * must not be touched: some servers begin to read. Copies that the app makes of it have one too, so the app's own is
   * known by its type.
   */
  #hasContentOfApp(): boolean {
    const { method, request, fields } = this;
    if (method === "GET" || method === "HEAD" || this.notes.contentLength !== undefined) return false;
    const isTyped = firstValue(fields, "content-type") !== undefined;
    if (this.#server !== NOTHING && (!isTyped || this.#server.isOriginal?.(request) === true)) return false;
    return request.body !== null;
  }

  /** An authority that stands in for `Host`, or has to agree with it. */
  #authorityIn(url: string): string | undefined {
    const { rawTarget, version } = this.#server;
    if (rawTarget !== undefined && HTTP_URL.test(rawTarget)) return authorityOf(rawTarget);
    // A server that was not sent a Host puts a name of its own into the URL.
    const isMadeOfHost = this.#server !== NOTHING && this.#options.urlTellsAuthority !== true;
    return isMadeOfHost && version?.startsWith("2") !== true ? undefined : authorityOf(url);
  }
}

const HTTP_URL = /^https?:\/\//i;

const readFields = (headers: Headers, values: FieldValues, version: string | undefined): ReadFields => {
  const shown: string[] = [];
  // Much cheaper than iterating, on some runtimes by a factor of eight.
  headers.forEach((value, name) => {
    shown.push(name, value);
  });
  const fields = values.received(shown);
  const notes = newFieldNotes();
  return { fields, notes, refusal: noteAll(notes, fields, version) };
};

const noteAll = (
  notes: FieldNotes,
  fields: HeaderPairs,
  version: string | undefined,
): ScreenProblem | undefined => {
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1] as string;
    const refusal = noteField(notes, fields[i] as string, value);
    if (refusal !== undefined) return refusal;
    if (!isSaneValue(value)) return malformed("field value with a control character (RFC 9110 §5.5)");
  }
  settleNominated(notes, fields);
  return checkFraming(notes, version);
};

/** What the wire had that a `Request` does not show, such as a second `Host`. */
const wireProblem = ({ rawFields, rawTarget, version }: ServerRequest): ScreenProblem | undefined => {
  if (rawTarget?.includes("#") === true) return malformed("target with a fragment (RFC 9112 §3.2)");
  return rawFields && noteAll(newFieldNotes(), rawFields, version);
};
