/** Which names of header fields, query parameters and cookies carry what only its owner should read. */

const CREDENTIALS =
  /authorization|cookie|secret|token|passw|credential|signature|session|(?:^|[-_])(?:auth|(?:api)?key)(?:$|[-_])/i;

/** Whether the value under `name` must not be shown, judged by the name. */
export const isCredentialName = (name: string): boolean => CREDENTIALS.test(name);
