/** Whom a certificate is about (RFC 5280 §4.1.2), as text that is the same on every runtime. */
import { type DerElement, childrenOf, readElement } from "./der.ts";

export interface CertificateNames {
  /** As RFC 4514 writes it, in ASCII; the same text as `openssl x509 -nameopt RFC2253`. */
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal, in upper case. */
  readonly serial: string;
}

const [INTEGER, OBJECT_IDENTIFIER, CONTEXT_0] = [0x02, 0x06, 0xa0] as const;

/**
 * Reads a certificate in DER.
 *
 * @throws TypeError where it is none.
 */
export const certificateNames = (der: Uint8Array): CertificateNames => {
  const [certificate] = childrenOf(readElement(der, 0));
  const fields = certificate === undefined ? [] : childrenOf(certificate);
  // Version 1 leaves the version out.
  const [serial, , issuer, , subject] = fields[0]?.tag === CONTEXT_0 ? fields.slice(1) : fields;
  if (serial?.tag !== INTEGER || issuer === undefined || subject === undefined) {
    throw new TypeError("not a certificate");
  }
  return { subject: nameText(subject), issuer: nameText(issuer), serial: hex(withoutSign(serial.content)) };
};

const withoutSign = (content: Uint8Array): Uint8Array =>
  content.length > 1 && content[0] === 0 ? content.subarray(1) : content;

/** The last part of the name comes first (RFC 4514 §2.1). */
const nameText = (name: DerElement): string =>
  childrenOf(name)
    .toReversed()
    .map((part) =>
      childrenOf(part)
        .toReversed()
        .map((attribute) => attributeText(childrenOf(attribute)))
        .join("+"),
    )
    .join(",");

/** Short names by the content of the identifier (RFC 4519, RFC 4514 §3), and the one of PKCS #9 that is in wide use. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  "550403": "CN",
  "550404": "SN",
  "550405": "serialNumber",
  "550406": "C",
  "550407": "L",
  "550408": "ST",
  "550409": "street",
  "55040A": "O",
  "55040B": "OU",
  "55040C": "title",
  "55042A": "GN",
  "0992268993F22C640101": "UID",
  "0992268993F22C640119": "DC",
  "2A864886F70D010901": "emailAddress",
};

const attributeText = ([type, value]: readonly DerElement[]): string => {
  if (type?.tag !== OBJECT_IDENTIFIER || value === undefined) throw new TypeError("not a name");
  const short = SHORT_NAMES[hex(type.content)];
  const text = short === undefined ? undefined : textOf(value);
  return text === undefined
    ? `${short ?? dotted(type.content)}=#${hex(value.whole)}`
    : `${short}=${escaped(text)}`;
};

/** Each byte holds seven bits of a number, the first number two of the identifier's (X.690 §8.19). */
const dotted = (content: Uint8Array): string => {
  // Numbers have no limit (those made from UUIDs are 128 bits long), and two of them must never look like one.
  const numbers: bigint[] = [];
  let number = 0n;
  for (const byte of content) {
    number = number * 128n + BigInt(byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(number);
      number = 0n;
    }
  }
  const [first = 0n, ...others] = numbers;
  const top = first < 80n ? first / 40n : 2n;
  return [top, first - 40n * top, ...others].join(".");
};

/** A byte order mark is a character like others: without it the name would be another one's. */
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** By the tag of a string. Undefined for what is none. */
const textOf = ({ tag, content }: DerElement): string | undefined => {
  switch (tag) {
    case 0x0c:
      return UTF8.decode(content);
    // PrintableString, TeletexString as everybody uses it, IA5String
    case 0x13:
    case 0x14:
    case 0x16:
      return codePoints(content, 1);
    case 0x1c:
      return codePoints(content, 4);
    case 0x1e:
      return codePoints(content, 2);
    default:
      return undefined;
  }
};

const codePoints = (content: Uint8Array, size: number): string => {
  let text = "";
  for (let at = 0; at + size <= content.length; at += size) {
    const code = content.subarray(at, at + size).reduce((value, byte) => value * 256 + byte, 0);
    text += String.fromCodePoint(code > 0x10_ffff ? 0xfffd : code);
  }
  return text;
};

const SPECIAL = new Set(',+"\\<>;');
const UTF8_BYTES = new TextEncoder();

/** RFC 4514 §2.4, with everything beyond printable ASCII as its bytes. */
const escaped = (text: string): string => {
  const characters = Array.from(text);
  return characters
    .map((character, index) => {
      const isAtEdge = index === 0 || index === characters.length - 1;
      if (SPECIAL.has(character) || (character === " " && isAtEdge) || (character === "#" && index === 0)) {
        return `\\${character}`;
      }
      return /[^ -~]/u.test(character)
        ? hex(UTF8_BYTES.encode(character)).replaceAll(/../g, String.raw`\$&`)
        : character;
    })
    .join("");
};

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
