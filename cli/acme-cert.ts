/** `fairlead cert --acme`: a certificate from an ACME authority, by hand. */
import { ConfigError } from "../src/config/config-error.ts";
import { parseConfig } from "../src/config/parse.ts";
import type { AcmeConfig } from "../src/config/types.ts";
import type { PemPair } from "../runtimes/x509.ts";
import { CliError } from "./cli-error.ts";
import { commandName } from "./command-name.ts";
import { EXIT } from "./exit-codes.ts";
import { resolvePath } from "./file-path.ts";
import type { Host } from "./host.ts";
import { parsePort } from "./port.ts";

/** Options of the command that are about the authority. */
export interface AcmeCertOptions {
  readonly agreeTerms?: boolean;
  readonly email?: string;
  readonly staging?: boolean;
  readonly directory?: string;
  readonly ca?: string;
  readonly challenge?: string;
  readonly keyType?: string;
  readonly storage?: string;
  readonly port?: string;
  readonly host?: string;
}

const PORTS = { "http-01": 80, "tls-alpn-01": 443 };
const ANY_ADDRESS = "::";

/** Obtains one certificate for all `names`. */
export const acmeCertificate = async (
  host: Host,
  names: readonly string[],
  options: AcmeCertOptions,
): Promise<PemPair> => {
  if (names.length === 0) {
    throw new CliError(EXIT.usage, "an authority takes names", "give those that lead to this machine");
  }
  if (options.agreeTerms !== true) {
    throw new CliError(
      EXIT.usage,
      "the authority wants you to agree to its terms of service",
      "read them, then add --agree-terms",
    );
  }
  const settings = await settingsOf(host, names, options);
  const port =
    options.port === undefined ? PORTS[settings.challenge ?? "http-01"] : parsePort(options.port, "--port");
  host.stdout.write(`obtaining a certificate for ${names.join(", ")}; the authority comes to port ${port}\n`);
  try {
    return await host.obtainCertificate({
      settings,
      port,
      host: options.host ?? ANY_ADDRESS,
      warn: (message) => host.stderr.write(`warning: ${message}\n`),
    });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new CliError(
      EXIT.failed,
      `no certificate was obtained: ${reason}`,
      `try with --staging first: its limits are wide ("${commandName(host)} cert --help")`,
    );
  }
};

/** Read as the config's `listen.tls.acme` is. */
const settingsOf = async (
  host: Host,
  domains: readonly string[],
  { email, staging, directory, ca, challenge, keyType, storage }: AcmeCertOptions,
): Promise<AcmeConfig> => {
  const given = { email, staging, directory, challenge, keyType, storage };
  const acme = {
    domains,
    termsAgreed: true,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(ca === undefined ? {} : { ca: await readAuthority(host, ca) }),
  };
  try {
    const plain = { port: 0 };
    const { listen } = parseConfig({
      listen: { tls: { acme }, also: [plain] },
      routes: [{ respond: { status: 404 } }],
    });
    const parsed = listen.tls?.acme;
    if (parsed === undefined) throw new TypeError("no settings");
    return { ...parsed, storage: resolvePath(host.cwd, parsed.storage) };
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    const [problem] = thrown.problems;
    const option = String(problem?.path[3] ?? "");
    const name =
      option === "domains"
        ? "a name"
        : `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new CliError(EXIT.usage, `${name}: ${problem?.message ?? ""}`, 'see "fairlead cert --help"');
  }
};

const readAuthority = async (host: Host, file: string): Promise<string> => {
  try {
    return await host.readText(resolvePath(host.cwd, file));
  } catch {
    throw new CliError(EXIT.usage, `can't read ${file}`, "--ca names a file of certificates, PEM");
  }
};
