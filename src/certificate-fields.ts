/** Request fields that tell upstreams about a client's certificate. */
import type { Config, HeaderEditConfig } from "./config/types.ts";
import { compileTemplate, isCertificateVariable } from "./routing/template.ts";

/**
 * Lower-case names of the request fields that some route fills from a certificate. What clients send in them counts nowhere, also
 * not on routes that leave them alone: the upstreams behind those may believe them too.
 */
export const certificateFields = ({ routes }: Config): ReadonlySet<string> =>
  new Set(
    routes.flatMap(({ requestHeaders, upstreams = [] }) => [
      ...namesIn(requestHeaders),
      ...upstreams.flatMap((share) => namesIn(share.requestHeaders)),
    ]),
  );

const namesIn = (edits: HeaderEditConfig | undefined): readonly string[] => {
  if (edits === undefined) return [];
  return [...Object.entries(edits.set), ...Object.entries(edits.append)]
    .filter(([, values]) => [values].flat().some(tellsCertificate))
    .map(([name]) => name.toLowerCase());
};

const tellsCertificate = (value: string): boolean =>
  compileTemplate(value).variables.some(isCertificateVariable);
