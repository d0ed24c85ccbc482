/** Secrets in texts that people get to see. */
import { isCredentialName } from "../http/credentials.ts";
import { normaliseConfigPath } from "../routing/config-path.ts";

/** What stands where a secret was. */
export const MASK = "***";

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** Whether `text` holds a private key as PEM, whatever else it holds. */
export const holdsPrivateKey = (text: string): boolean => PRIVATE_KEY.test(text);

/** As the URL standard has it. */
const USERINFO = /(?<=\/\/)[^\s"'`/?#]+(?=@)/g;

/**
 * The same in what may be no URL: up to the last "@", because a password may hold "@", "/" and "?" where somebody
 * forgot to encode it, and without a scheme.
 */
const LIKE_USERINFO = /(?<=\/\/)[^\s"'`]+(?=@)|(?<=^|[\s"'`,[{])[^\s"'`:/@,]+:[^\s"'`/]+(?=@)/g;

type Cover = (secret: string) => string;
const asterisks: Cover = () => MASK;
const stars: Cover = (secret) => "*".repeat(secret.length);

/** What somebody wrote, perhaps for a URL, without user and password. */
export const maskUserinfo = (text: string, cover: Cover = asterisks): string =>
  text.includes("@") ? text.replaceAll(LIKE_USERINFO, cover) : text;

const PRIVATE_KEY_LINE = new RegExp(`${PRIVATE_KEY.source}[^"']*`, "g");

/** What a shell would take where the variable is not set, written in a way that no config knows. */
const SHELL_DEFAULT = /(?<=\$\{env:\w+(?::?[=?+]|-))[^}]+/g;

/** A line of a config file without private keys and passwords in URLs; every column stays where it is. */
export const maskLine = (line: string): string =>
  maskUserinfo(line.replaceAll(PRIVATE_KEY_LINE, stars).replaceAll(SHELL_DEFAULT, stars), stars);

/** `name:` as JSON, YAML and JavaScript write it, and before what may be its value. */
const NAMED = /([A-Za-z_][\w-]*)["']?\s*:\s*(?=("(?:[^"\\]|\\.)*"?|'[^']*'?|\{[^}]*|[^"'{\s].*))/g;
const LONG_BASE64 = /[A-Za-z0-9+/=]{40,}/g;

/**
 * `maskLine` for a file that can't be read, so that nothing is known of what stands where: credentials are told by
 * the name before them, the lines of a key by their look.
 */
export const maskUnreadLine = (line: string): string => {
  let masked = maskLine(line).replaceAll(LONG_BASE64, stars);
  for (const { 0: before, 1: name = "", 2: value = "", index } of line.matchAll(NAMED)) {
    if (value.includes("${") || !(isCredentialName(name) || name === "key")) continue;
    const start = index + before.length;
    masked = masked.slice(0, start) + stars(value) + masked.slice(start + value.length);
  }
  return masked;
};

/** Shorter ones hide as whole words alone: a lone "a" is in every other word. */
const SHORT = 4;

/** What is longer is some file's content, and stands in no address. */
const LONG = 4096;

const pathOf = (text: string): string => {
  const rooted = text.startsWith("/");
  try {
    return normaliseConfigPath(rooted ? text : `/${text}`).slice(rooted ? 0 : 1);
  } catch {
    return "";
  }
};

const addressesOf = (text: string): readonly string[] => {
  if (text.startsWith("unix:")) return [text.slice("unix:".length)];
  const whole = /^https?:\/\//i.test(text);
  const address = whole ? text : `http://${text}`;
  if (!URL.canParse(address)) return [];
  const url = new URL(address);
  const path = url.pathname.replace(/\/$/, "");
  if (whole) return [url.host, url.hostname, path];
  return path === "" && url.search === "" && url.hash === "" ? [url.host] : [];
};

/** How `text` may look once the proxy has read it: as a host, a path, a URL taken apart, a query value, in quotes. */
const spellings = (text: string): readonly string[] =>
  text.length > LONG
    ? [text]
    : [
        text,
        text.toLowerCase(),
        JSON.stringify(text).slice(1, -1),
        encodeURIComponent(text.toWellFormed()),
        pathOf(text),
        ...addressesOf(text),
      ];

const coverOne = (secret: string): ((text: string) => string) => {
  if (secret.length >= SHORT) return (text) => text.replaceAll(secret, MASK);
  const literally = secret.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
  const word = new RegExp(`(?<!\\w)${literally}(?!\\w)`, "g");
  return (text) => text.replaceAll(word, MASK);
};

/** `name=value` of a query. */
const QUERY_VALUE = /([?&])([^=&?\s"]+)=([^&\s"#,]+)/g;

/** Puts `***` in place of every one of `secrets`, credentials in queries and passwords in URLs. */
export const masking = (secrets: Iterable<string>): ((text: string) => string) => {
  const covers = [...new Set([...secrets].flatMap(spellings))]
    .filter((text) => text.trim() !== "")
    .toSorted((a, b) => b.length - a.length)
    .map(coverOne);
  return (text) =>
    covers
      .reduce((masked, cover) => cover(masked), text)
      .replaceAll(USERINFO, MASK)
      .replaceAll(QUERY_VALUE, (whole, mark: string, name: string) =>
        isCredentialName(name) ? `${mark}${name}=${MASK}` : whole,
      );
};
