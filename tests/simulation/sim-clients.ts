/** Clients of a run: what they ask for, and the cookies that they keep. */
import { CancellationSource } from "../../src/core/cancellation.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import type { Random } from "../../src/core/platform.ts";
import type { HttpReply } from "../../src/core/reply.ts";
import { firstValue } from "../../src/http/headers.ts";
import { testExchange } from "../support/attempt.ts";
import { FedBody } from "../support/bodies.ts";

const CLIENTS = 20;
const PATHS = 50;

/** A request, and the client that sends it. */
export interface SimRequest {
  readonly exchange: Exchange;
  readonly cancellation: CancellationSource;
  /** The origin that answered the client first, as its cookie says. */
  readonly owner: string | undefined;
  /** Keeps a cookie that comes with the reply. */
  readonly answered: (reply: HttpReply) => void;
}

interface Cookie {
  readonly field: string;
  readonly origin: string;
}

export class SimClients {
  readonly #random: Random;
  readonly #cookies: Map<number, Cookie> = new Map();
  #requests = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get requests(): number {
    return this.#requests;
  }

  next(): SimRequest {
    const random = this.#random;
    const dice = random.float();
    const client = random.below(CLIENTS);
    const cookie = this.#cookies.get(client);
    const cancellation = new CancellationSource();
    const target = `/${random.below(PATHS)}`;
    const method = dice < 0.8 ? "GET" : dice < 0.9 ? "POST" : "PUT";
    const body = method === "GET" ? {} : { body: new FedBody(6).feed("abc").feed("def").finish().body };
    const fields = ["Idempotency-Key", "1", ...(cookie === undefined ? [] : ["Cookie", cookie.field])];
    const made = testExchange({ method, target, fields, cancellation, ...body });
    this.#requests += 1;
    made.trail.attempts = 0;
    const exchange = { ...made, id: String(this.#requests) };
    return {
      exchange,
      cancellation,
      owner: cookie?.origin,
      answered: (reply) => this.#keep(client, reply, exchange),
    };
  }

  #keep(client: number, reply: HttpReply, { trail }: Exchange): void {
    const [field] = (firstValue(reply.fields, "set-cookie") ?? "").split(";");
    if (field === undefined || field === "" || trail.endpoint === undefined) return;
    this.#cookies.set(client, { field, origin: trail.endpoint.origin });
  }
}
