/** A session with an authority: its directory, and the account whose key is on disk. */
import type { AcmeConfig } from "../../../src/config/types.ts";
import { AcmeClient, newAccountKey } from "./acme-client.ts";
import type { AcmeStorage } from "./acme-storage.ts";
import type { AskAuthority } from "./authority-connection.ts";

const PRODUCTION = "https://acme-v02.api.letsencrypt.org/directory";
const STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory";

/** The authority of `settings`. */
export const directoryUrlOf = ({ directory, staging }: Pick<AcmeConfig, "directory" | "staging">): string =>
  directory ?? (staging ? STAGING : PRODUCTION);

export interface SignInParts {
  readonly settings: AcmeConfig;
  readonly storage: AcmeStorage;
  readonly ask: AskAuthority;
  readonly epoch: () => number;
  readonly signal: AbortSignal;
  /** Takes a sentence for operators. */
  readonly warn: (message: string) => void;
}

/** A client of the account in `storage`; of a new one where there is none, or where its key can't be read. */
export const signIn = async ({ storage, warn, settings, ...parts }: SignInParts): Promise<AcmeClient> => {
  const connect = (accountKey: string): Promise<AcmeClient> =>
    AcmeClient.connect({ ...parts, settings, accountKey, directoryUrl: directoryUrlOf(settings) });
  const client = await connect(await accountKeyIn(storage, warn));
  await client.signIn();
  return client;
};

const accountKeyIn = async (storage: AcmeStorage, warn: (message: string) => void): Promise<string> => {
  const stored = await storage.readAccountKey();
  if (stored !== undefined) {
    if (await AcmeClient.canSignWith(stored)) return stored;
    warn(`the account's key in ${storage.folder} can't be read; a new account is made`);
  }
  const made = await newAccountKey();
  await storage.writeAccountKey(made);
  return made;
};
