/** Where the admin listener of a running proxy is, and the token that it wants. */
import type { LoadedConfig } from "../../src/config/load.ts";
import { showValue } from "../../src/config/problem.ts";
import { CliError } from "../cli-error.ts";
import { type ConfigOptions, configured } from "../configured.ts";
import { EXIT } from "../exit-codes.ts";
import type { Host } from "../host.ts";

export interface AddressOptions extends ConfigOptions {
  readonly url?: string;
  readonly token?: string;
}

export interface AdminAddress {
  /** For people. */
  readonly label: string;
  /** In front of the paths of the admin API. */
  readonly url: string;
  /** Unix socket to ask at, instead of the host of `url`. */
  readonly socketPath: string | undefined;
  readonly token: string | undefined;
}

const EXAMPLE = "--url http://127.0.0.1:9090";
const TOKEN_NAMES = ["FAIRLEAD_ADMIN_TOKEN", "PINGORA_ADMIN_TOKEN"] as const;

/** From `--url`; without one, from the config that the proxy was started with. @throws CliError */
export const adminAddress = async (host: Host, options: AddressOptions): Promise<AdminAddress> => {
  const token = givenToken(host, options);
  if (options.url !== undefined) return { ...placeOf(options.url), token };
  const loaded = await configured(host, options);
  if (loaded === undefined) {
    throw new CliError(EXIT.usage, `there is no config in ${host.cwd}`, `say where the proxy is: ${EXAMPLE}`);
  }
  const { token: own, tokens } = loaded.config.admin;
  return { ...placeOf(configuredUrl(loaded)), token: token ?? own ?? Object.values(tokens)[0] };
};

/** A header field's value: a token that could not be one would end the field. */
const givenToken = ({ env }: Host, { token }: AddressOptions): string | undefined => {
  const given = token ?? TOKEN_NAMES.map((name) => env[name]).find((value) => (value ?? "") !== "");
  if (given === undefined || /^[!-~]+$/.test(given)) return given;
  throw new CliError(
    EXIT.usage,
    "the token holds characters that no token has",
    "copy it without spaces and quotes",
  );
};

const placeOf = (text: string): Omit<AdminAddress, "token"> => {
  if (text.startsWith("unix:/")) {
    return { label: text, url: "http://localhost", socketPath: text.slice("unix:".length) };
  }
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:\/\//i.test(text) ||
    url.search + url.hash + url.username + url.password !== ""
  ) {
    const advice = /^[\w.[\]:-]+:\d+$/.test(text)
      ? `did you mean http://${text}?`
      : `write it as in: ${EXAMPLE}`;
    throw new CliError(
      EXIT.usage,
      `--url is ${showValue(text)}, which is not the address of an admin listener`,
      advice,
    );
  }
  const base = url.href.replace(/\/+$/, "");
  return { label: base, url: base, socketPath: undefined };
};

/** The listener's own, else the path beside the routes. */
const configuredUrl = ({ config }: LoadedConfig): string => {
  const { admin, listen } = config;
  if (admin.socket !== undefined) return `unix:${admin.socket}`;
  if (admin.port === 0) {
    throw new CliError(
      EXIT.usage,
      "the config takes any free port for admin (admin.port is 0)",
      `say which it is: ${EXAMPLE}`,
    );
  }
  if (admin.port !== undefined) return urlOf({ host: admin.host, port: admin.port, tls: admin.tls });
  if (admin.path !== undefined) {
    const { socket, host, port, tls } = listen;
    if (socket === undefined) return `${urlOf({ host, port, tls })}${admin.path}`;
  }
  throw new CliError(
    EXIT.usage,
    "the config has no admin listener",
    `set admin.port and restart the proxy, or say where one is: ${EXAMPLE}`,
  );
};

const urlOf = ({ host, port, tls }: { host: string; port: number; tls: object | undefined }): string =>
  `${tls === undefined ? "http" : "https"}://${reachable(host)}:${port}`;

/** An address to connect to, for one that is bound: all addresses include this machine's own. */
const reachable = (bound: string): string => {
  if (bound === "0.0.0.0") return "127.0.0.1";
  if (bound === "::") return "localhost";
  return bound.includes(":") ? `[${bound}]` : bound;
};
