import { describe, expect, it, test } from "vitest";
import {
  CREDENTIAL_NAMES,
  CREDENTIAL_PARTS,
  CREDENTIAL_WORDS,
  isCredentialName,
} from "../../../src/http/credentials.ts";
import { readSource } from "../../support/sources.ts";

describe("names of credentials", () => {
  const words = (text: string): string[] => text.trim().split(/\s+/);

  it.each(
    words(`
      Authorization Proxy-Authorization Cookie set-cookie X-Api-Key x-auth PASSWORD key api_key apiKey APIKey api.key
      authKey AccessKeyId x-key-id key2 sig X-Amz-Signature jwt pwd pass user[pass] otp sid connect.sid PHPSESSID
      SAMLResponse SAMLart assertion client_assertion refreshtoken token[] csrf code Code code[]
    `),
  )("include %s", (name) => {
    expect(isCredentialName(name)).toBe(true);
  });

  it.each(
    words(`
      x id monkey keyword hockey author authority bypass passive compass inside sidebar signal design zipcode country_code
      postalCode codec encode traceparent page X-Tenant
    `),
  )("do not include %s", (name) => {
    expect(isCredentialName(name)).toBe(false);
  });

  it.each([...CREDENTIAL_PARTS, ...CREDENTIAL_WORDS, ...CREDENTIAL_NAMES])("include %s as it is", (name) => {
    expect([name, name.toUpperCase()].map(isCredentialName)).toEqual([true, true]);
  });

  test("are all listed in docs/logs.md", () => {
    const section = /### Names of credentials\n([^]*?)\n## /.exec(readSource("docs/logs.md"))?.[1] ?? "";
    const listed = section
      .split("\n- ")
      .slice(1)
      .map((item) => [...(item.split(":")[0] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect(listed).toEqual([CREDENTIAL_PARTS, CREDENTIAL_WORDS, CREDENTIAL_NAMES]);
  });
});
