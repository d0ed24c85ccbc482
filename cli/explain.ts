/** `fairlead explain`: what would become of a request, and why. */
import { DescriptionError, requestHead as describedHead } from "../handlers/described-request.ts";
import type { RequestHead } from "../src/core/arrival.ts";
import { normaliseAddress } from "../src/http/address.ts";
import { isFieldName } from "../src/http/headers.ts";
import { CliError } from "./cli-error.ts";
import { type ConfigOptions, requireConfig } from "./configured.ts";
import { EXIT } from "./exit-codes.ts";
import { explanation } from "./explanation.ts";
import type { Host } from "./host.ts";
import { unreachableEndpoints } from "./reachability.ts";
import { styleFor } from "./style.ts";
import { traceOffline } from "./trace-offline.ts";

export interface ExplainOptions extends ConfigOptions {
  readonly header?: readonly string[];
  /** Address of the client. */
  readonly from: string;
  /** Connects to the endpoints first, and leaves out those that do not answer. */
  readonly now?: boolean;
}

/** Prints how `request`, a method and a URL, would be answered. */
export const explain = async (
  host: Host,
  request: readonly [method: string, url: string],
  options: ExplainOptions,
): Promise<number> => {
  const head = requestHead(request, options.header ?? []);
  if (normaliseAddress(options.from) === undefined) {
    throw new CliError(
      EXIT.usage,
      `--from is "${options.from}", which is no IP address`,
      "write it as in: --from 192.0.2.1",
    );
  }
  const loaded = await requireConfig(host, options);
  const down = options.now === true ? await unreachableEndpoints(loaded.config, host) : undefined;
  const trace = await traceOffline(loaded.config, head, {
    from: options.from,
    ...(down && { down }),
  });
  const lines = explanation(trace, styleFor(host.stdout, host.env), loaded.mask);
  host.stdout.write(`${lines.join("\n")}\n`);
  return EXIT.ok;
};

/** The request that an HTTP/1.1 client would send. */
export const requestHead = (
  [method, url]: readonly [method: string, url: string],
  headers: readonly string[],
): RequestHead => {
  try {
    return describedHead({ method, url, headers: headers.map(headerField) });
  } catch (thrown) {
    if (!(thrown instanceof DescriptionError)) throw thrown;
    throw new CliError(EXIT.usage, thrown.message, ADVICE[thrown.part](method));
  }
};

const ADVICE: Readonly<Record<DescriptionError["part"], (method: string) => string>> = {
  method: () => "write it as in: explain GET http://localhost/",
  url: (method) => `write it as in: explain ${method} https://example.com/path`,
  header: () => `write it as in: -H 'accept: text/html'`,
};

const headerField = (text: string): [name: string, value: string] => {
  const colon = text.indexOf(":");
  const name = text.slice(0, colon).trim();
  if (colon < 1 || !isFieldName(name)) {
    throw new CliError(
      EXIT.usage,
      // Only its start: what follows may be a credential.
      `"${text.replace(/\s.*/s, " …")}" is not a header field`,
      `write it as in: -H 'accept: text/html'`,
    );
  }
  return [name, text.slice(colon + 1).trim()];
};
