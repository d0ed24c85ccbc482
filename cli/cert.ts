/** `fairlead cert`: a certificate for development and the authority that vouches for it, or one of an ACME authority. */
import { errorCode } from "../runtimes/error-code.ts";
import type { AcmeCertOptions } from "./acme-cert.ts";
import { commandName } from "./command-name.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { resolvePath, writeFileAt } from "./file-path.ts";
import type { PemPair } from "../runtimes/x509.ts";
import type { Host } from "./host.ts";

export interface CertOptions extends AcmeCertOptions {
  /** Obtain it from an ACME authority. */
  readonly acme?: boolean;
  /** Overwrite a certificate that is there. */
  readonly force?: boolean;
}

const AUTHORITY = "Fairlead development authority";
const AUTHORITY_FILE = "authority";
const SITE_FILE = "site";
const AUTHORITY_DAYS = 3_650;
/** What browsers take at most is 398. */
const SITE_DAYS = 397;
const LOCAL_NAMES: readonly string[] = ["localhost", "127.0.0.1", "::1"];

/** A host name, with `*.` in front or not, or an address. */
const NAME =
  /^(?:(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|[0-9a-f:]*:[0-9a-f:]+)$/i;

export const cert = async (
  host: Host,
  given: readonly string[],
  { force = false, acme = false, ...options }: CertOptions,
): Promise<number> => {
  const names = given.length === 0 ? LOCAL_NAMES : given.map((name) => name.toLowerCase());
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong !== undefined) {
    throw new CliError(
      EXIT.usage,
      `"${wrong}" is no host name or address`,
      'give names such as "app.localhost"',
    );
  }
  if (!force && (await readPair(host, SITE_FILE)) !== undefined) {
    throw new CliError(EXIT.failed, `${SITE_FILE}.pem exists already`, "add --force to make another one");
  }
  if (acme) {
    const { acmeCertificate } = await import("./acme-cert.ts");
    await writePair(host, SITE_FILE, await acmeCertificate(host, given, options));
    host.stdout.write(`${obtainedReport(given)}\n`);
    return EXIT.ok;
  }
  const known = await readPair(host, AUTHORITY_FILE);
  const authority =
    known ??
    (await host.issueCertificate({ name: AUTHORITY, names: [], days: AUTHORITY_DAYS, isAuthority: true }));
  if (known === undefined) await writePair(host, AUTHORITY_FILE, authority);
  const site = await host.issueCertificate({
    name: names[0] ?? "",
    names,
    days: SITE_DAYS,
    isAuthority: false,
    issuer: { name: AUTHORITY, key: authority.key },
  });
  await writePair(host, SITE_FILE, { cert: site.cert + authority.cert, key: site.key });
  host.stdout.write(`${report(host, names, known === undefined)}\n`);
  return EXIT.ok;
};

const report = (host: Host, names: readonly string[], isNew: boolean): string =>
  [
    `wrote ${SITE_FILE}.pem and ${SITE_FILE}.key, for ${names.join(", ")}, valid for ${SITE_DAYS} days`,
    isNew
      ? `wrote ${AUTHORITY_FILE}.pem and ${AUTHORITY_FILE}.key, which signed it: let your browser trust ${AUTHORITY_FILE}.pem, and give the key to nobody`
      : `signed by ${AUTHORITY_FILE}.pem, which was there`,
    "",
    "In the config:",
    `  "listen": { "port": 8443, "tls": { "cert": "\${file:${SITE_FILE}.pem}", "key": "\${file:${SITE_FILE}.key}" } }`,
    "",
    `Then: ${commandName(host)} start, curl --cacert ${AUTHORITY_FILE}.pem https://${names[0] ?? ""}:8443/`,
  ].join("\n");

const obtainedReport = (names: readonly string[]): string =>
  [
    `wrote ${SITE_FILE}.pem and ${SITE_FILE}.key, for ${names.join(", ")}`,
    "",
    "In the config:",
    `  "listen": { "port": 443, "tls": { "cert": "\${file:${SITE_FILE}.pem}", "key": "\${file:${SITE_FILE}.key}" } }`,
    "",
    "Nothing renews it but this command with --force. To have that done, and need no files:",
    `  "listen": { "port": 443, "tls": { "acme": { "domains": ${JSON.stringify(names)}, "termsAgreed": true } }, "also": [{ "port": 80, "redirect": "https" }] }`,
  ].join("\n");

/** Undefined where one of the two is missing. */
const readPair = async (host: Host, name: string): Promise<PemPair | undefined> => {
  try {
    const path = (ending: string): string => resolvePath(host.cwd, `${name}.${ending}`);
    return { cert: await host.readText(path("pem")), key: await host.readText(path("key")) };
  } catch (thrown) {
    if (errorCode(thrown) === "ENOENT") return undefined;
    throw new CliError(EXIT.failed, `can't read ${name}.pem and ${name}.key`, "look at their permissions");
  }
};

const writePair = async (host: Host, name: string, { cert: pem, key }: PemPair): Promise<void> => {
  await writeFileAt(host, `${name}.key`, key, { isSecret: true });
  await writeFileAt(host, `${name}.pem`, pem);
};
