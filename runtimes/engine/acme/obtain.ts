/** What is asked of an authority for one certificate: the certificate itself, and when it is to be renewed. */
import type { AcmeConfig } from "../../../src/config/types.ts";
import type { Clock, Random } from "../../../src/core/platform.ts";
import { renewalId } from "../../x509.ts";
import { directoryUrlOf, signIn } from "./acme-account.ts";
import { objectOf, problemOf } from "./acme-client.ts";
import { AcmeError } from "./acme-error.ts";
import { type AcmeStorage, type DomainState, NEW_STATE, type StoredCertificate } from "./acme-storage.ts";
import { type AskAuthority, authorityConnection } from "./authority-connection.ts";
import type { KeptCertificate } from "./kept-certificate.ts";
import {
  type CertificateOrder,
  type ChallengeAnswers,
  type ChallengeType,
  type IssuedCertificate,
  type OrderParts,
  orderCertificate,
} from "./order-certificate.ts";
import { renewalInformation } from "./renewal-information.ts";

interface AuthorityParts {
  readonly settings: AcmeConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export interface ObtainParts extends AuthorityParts {
  readonly storage: AcmeStorage;
  readonly answers: ChallengeAnswers;
  /** Takes a sentence for operators. */
  readonly warn: (message: string) => void;
}

export interface WantedCertificate {
  readonly domains: readonly string[];
  readonly challenge: ChallengeType;
  /** Chain of the certificate that it takes the place of, PEM. */
  readonly replaced: string | undefined;
}

/** Obtains a certificate with the account in `storage`. Stores nothing but that account. */
export const obtain = async (
  { domains, challenge, replaced }: WantedCertificate,
  parts: ObtainParts,
): Promise<{ readonly stored: StoredCertificate; readonly renewal: DomainState }> => {
  const { settings, storage, answers, clock, signal, warn } = parts;
  const epoch = (): number => clock.epoch();
  const connection = authorityConnection(settings.ca, clock);
  const { ask } = connection;
  try {
    const client = await signIn({ settings, storage, ask, epoch, signal, warn });
    const hasRenewals = client.resource("renewalInfo") !== undefined;
    const order: CertificateOrder = {
      domains,
      challenge,
      keyType: settings.keyType,
      replaces: hasRenewals && replaced !== undefined ? renewalId(replaced) : undefined,
    };
    const issued = await place(order, { client, answers, clock, signal });
    const renewal = await renewalOf(client.resource("renewalInfo"), issued.chain, parts, ask);
    return { stored: { ...issued, obtained: epoch() }, renewal };
  } finally {
    connection.close();
  }
};

const ALREADY_REPLACED = "urn:ietf:params:acme:error:alreadyReplaced";

/** Where a certificate was replaced already, this one replaces none. */
const place = async (order: CertificateOrder, parts: OrderParts): Promise<IssuedCertificate> => {
  try {
    return await orderCertificate(order, parts);
  } catch (thrown) {
    if (!(thrown instanceof AcmeError) || thrown.type !== ALREADY_REPLACED) throw thrown;
    return orderCertificate({ ...order, replaces: undefined }, parts);
  }
};

const DAY_MS = 86_400_000;

/** Renewal information is a help: without it, a certificate is renewed by its lifetime. */
const renewalOf = async (
  url: string | undefined,
  chain: string,
  { clock, random, signal }: AuthorityParts,
  ask: AskAuthority,
): Promise<DomainState> => {
  const now = clock.epoch();
  const without = { ...NEW_STATE, checkAt: now + DAY_MS };
  if (url === undefined) return without;
  try {
    const found = await renewalInformation({ ask, url, chain, random, now, signal });
    return found === undefined
      ? without
      : { ...NEW_STATE, renewAt: found.renewAt, checkAt: now + found.checkMs };
  } catch (thrown) {
    signal.throwIfAborted();
    return {
      ...without,
      checkAt: now + (thrown instanceof AcmeError ? (thrown.retryAfterMs ?? HOUR_MS) : HOUR_MS),
    };
  }
};

const HOUR_MS = 3_600_000;

/** Asks again when the certificate in use is to be renewed. Never rejects but with the signal's reason. */
export const checkRenewal = async (
  { pair, state }: KeptCertificate,
  parts: AuthorityParts & { readonly debug: (message: string) => void },
): Promise<DomainState> => {
  const { settings, clock, signal } = parts;
  const connection = authorityConnection(settings.ca, clock);
  const { ask } = connection;
  try {
    const answer = await ask({ method: "GET", url: directoryUrlOf(settings) }, signal);
    if (answer.status !== 200) throw problemOf(answer, clock.epoch());
    const url = objectOf(answer)["renewalInfo"];
    const { checkAt, renewAt } = await renewalOf(
      typeof url === "string" ? url : undefined,
      pair?.cert ?? "",
      parts,
      ask,
    );
    return { ...state, checkAt, renewAt };
  } catch (thrown) {
    signal.throwIfAborted();
    parts.debug(`no renewal information: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return { ...state, checkAt: clock.epoch() + HOUR_MS };
  } finally {
    connection.close();
  }
};
