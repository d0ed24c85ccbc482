/** The part of a request that consistent hashing uses as its key. */
import type { Exchange } from "../core/exchange.ts";
import { cookieValue } from "../http/cookie-value.ts";
import { firstValue } from "../http/headers.ts";
import { queryValue } from "../http/query-value.ts";

/** Undefined where the request has no such thing. */
export type HashKey = (exchange: Exchange) => string | undefined;

export type HashKeyOptions =
  | { readonly from: "ip" }
  | { readonly from: "path" }
  /** Names of headers are compared without case. */
  | { readonly from: "header" | "cookie" | "query"; readonly name: string };

export const hashKey = (options: HashKeyOptions): HashKey => {
  switch (options.from) {
    case "ip":
      return ({ client }) => (client.address === "" ? undefined : client.address);
    case "path":
      return ({ path }) => path;
    case "header": {
      const name = options.name.toLowerCase();
      return ({ arrival, disregarded }) =>
        disregarded.includes(name) ? undefined : firstValue(arrival.fields, name);
    }
    case "cookie":
      return (exchange) => cookieOf(exchange, options.name);
    case "query":
      return ({ query }) => queryValue(query, options.name);
  }
};

/** The client's cookie of that name. */
export const cookieOf = ({ arrival }: Exchange, name: string): string | undefined => {
  const field = firstValue(arrival.fields, "cookie");
  return field === undefined ? undefined : cookieValue(field, name);
};
