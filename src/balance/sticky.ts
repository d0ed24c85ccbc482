/** A cookie that keeps a client at its endpoint. */
import type { Balancer } from "../core/balancer.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { EndpointSet, Member } from "../core/endpoint-state.ts";
import { type Reply, withFields } from "../core/reply.ts";
import type { Layer } from "../core/service.ts";
import { cookieOf } from "./hash-key.ts";

/** A message authentication code of `text` under a secret of the config, as text that may stand in a cookie. */
export type Sign = (text: string) => Promise<string>;

export interface StickyOptions {
  readonly cookie: string;
  readonly sign: Sign;
  /** Chooses for clients without a valid cookie, and where their endpoint may not be tried. */
  readonly otherwise: Balancer;
  /** Seconds; undefined ends with the browser's session. */
  readonly maxAgeSeconds?: number | undefined;
  /** @default "Lax" */
  readonly sameSite?: "Strict" | "Lax" | "None";
}

/** A balancer, and the layer that sets its cookie. */
export interface Sticky {
  readonly balancer: Balancer;
  /** Goes outside of retries: the cookie names the endpoint that answered. `setOf` is what is balanced over now. */
  readonly layer: (setOf: () => EndpointSet) => Layer;
}

/**
 * The cookie's value is the signature of an endpoint's key. There is one value for each endpoint, so it is looked up, which
 * verifies it; it shows no address, and a request costs no cryptography. The layer makes the signatures of a new set before it is
 * picked from, as Web Crypto is asynchronous.
 */
export const stickyCookie = (options: StickyOptions): Sticky => {
  const tokens = new Tokens(options.sign);
  return {
    balancer: {
      pick(set, selection) {
        const token = cookieOf(selection.exchange, options.cookie);
        const bound = token === undefined ? undefined : tokens.memberOf(set, token);
        return bound !== undefined && selection.isEligible(bound)
          ? bound
          : options.otherwise.pick(set, selection);
      },
    },
    layer: (setOf) => (next) => async (exchange) => {
      const set = setOf();
      if (!tokens.knows(set)) await tokens.learn(set);
      const reply = await next(exchange);
      const { endpoint } = exchange.trail;
      if (endpoint === undefined) return reply;
      const token = await tokens.tokenOf(endpoint);
      if (cookieOf(exchange, options.cookie) === token) return reply;
      return withCookie(reply, cookieText(token, exchange.client.scheme === "https", options));
    },
  };
};

const cookieText = (token: string, isSecure: boolean, options: StickyOptions): string => {
  const { cookie, maxAgeSeconds, sameSite = "Lax" } = options;
  const maxAge = maxAgeSeconds === undefined ? "" : `; Max-Age=${maxAgeSeconds}`;
  return `${cookie}=${token}; Path=/${maxAge}; HttpOnly; SameSite=${sameSite}${isSecure ? "; Secure" : ""}`;
};

const withCookie = (reply: Reply, text: string): Reply =>
  withFields(reply, [...reply.fields, "set-cookie", text]);

/** Keeps no promises: on Workers a request can't await another request's promise, which is dropped when its client leaves. */
class Tokens {
  readonly #sign: Sign;
  #byKey: ReadonlyMap<string, string> = new Map();
  #set: EndpointSet | undefined;
  #members: ReadonlyMap<string, Member> = new Map();

  constructor(sign: Sign) {
    this.#sign = sign;
  }

  knows(set: EndpointSet): boolean {
    return this.#set === set;
  }

  /** Makes the tokens of `set`, and forgets those of endpoints that are not in it. */
  async learn(set: EndpointSet): Promise<void> {
    const tokens = await Promise.all(set.members.map(({ endpoint }) => this.tokenOf(endpoint)));
    this.#byKey = new Map(set.members.map(({ endpoint }, i) => [endpoint.key, tokens[i] ?? ""]));
    this.#members = new Map(set.members.map((member, i) => [tokens[i] ?? "", member]));
    this.#set = set;
  }

  async tokenOf({ key }: Endpoint): Promise<string> {
    return this.#byKey.get(key) ?? this.#sign(key);
  }

  memberOf(set: EndpointSet, token: string): Member | undefined {
    return set === this.#set ? this.#members.get(token) : undefined;
  }
}
