/** What the variables of templates stand for in one exchange. */
import type { Exchange } from "./core/exchange.ts";
import { identityOf } from "./core/connection-tls.ts";
import { joinedValue } from "./http/headers.ts";
import type { TemplateScope } from "./routing/template.ts";

class ExchangeScope implements TemplateScope {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  get clientAddress(): string {
    return this.#exchange.client.address;
  }
  get clientIdentity(): TemplateScope["clientIdentity"] {
    return identityOf(this.#exchange.arrival);
  }
  get requestId(): string {
    return this.#exchange.id;
  }
  get method(): string {
    return this.#exchange.arrival.method;
  }
  get scheme(): string {
    return this.#exchange.client.scheme;
  }
  get host(): string {
    return this.#exchange.client.host;
  }
  get path(): string {
    return this.#exchange.path;
  }
  get query(): string {
    return this.#exchange.query;
  }
  get params(): Readonly<Record<string, string>> {
    return this.#exchange.params;
  }
  header(lowerName: string): string | undefined {
    const { arrival, disregarded } = this.#exchange;
    return disregarded.includes(lowerName) ? undefined : joinedValue(arrival.fields, lowerName);
  }
}

/** Reads lazily: only what a template names is looked up. */
export const exchangeScope = (exchange: Exchange): TemplateScope => new ExchangeScope(exchange);
