/** The certificate of contenders that speak TLS: one for all of them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificate } from "../../tests/support/certificate.ts";

/** A certificate with a key on P-256, in files of `folder`, made at the first call. */
export const siteFiles = (folder: string): { readonly cert: string; readonly key: string } => {
  const files = { cert: join(folder, "site.pem"), key: join(folder, "site.key") };
  if (existsSync(files.cert)) return files;
  const { cert, key } = certificate({ hosts: ["localhost", "127.0.0.1"] });
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  return files;
};

/** The same as texts. */
export const siteTexts = (folder: string): { readonly cert: string; readonly key: string } => {
  const { cert, key } = siteFiles(folder);
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
};
