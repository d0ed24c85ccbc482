/**
 * How Mozilla's HTTP Observatory grades a site, for the case that matters here: one HTML page over https with a
 * valid certificate, reached from http by a redirect to the same host, without scripts, cookies or CORS.
 *
 * Told from the published rules (mdn/mdn-http-observatory, `src/analyzer` and `src/grader`): the score starts at
 * 100, each test adds its modifier, and bonuses count only where the penalties alone leave at least 90.
 */

export interface Grading {
  readonly score: number;
  readonly grade: string;
  readonly modifiers: Readonly<Record<string, number>>;
}

type Test = (headers: Headers) => number;

const BROAD: ReadonlySet<string> = new Set([
  "ftp:",
  "http:",
  "https:",
  "*",
  "http://*",
  "http://*.*",
  "https://*",
  "https://*.*",
]);
const INLINE: ReadonlySet<string> = new Set(["'unsafe-inline'", "data:"]);
const INSECURE = /^(?:http|ftp):/;

type Policy = ReadonlyMap<string, readonly string[]>;

/** One policy; undefined where it can't be read. */
const parsePolicy = (text: string): Policy | undefined => {
  if (text.trim().length < 6) return undefined;
  const policy = new Map<string, readonly string[]>();
  for (const directive of text.split(";").map((part) => part.trim())) {
    if (directive === "") continue;
    const [name = "", ...sources] = directive.toLowerCase().split(/\s+/);
    if (policy.has(name)) return undefined;
    policy.set(name, sources.length === 0 && name.endsWith("-src") ? ["'none'"] : sources);
  }
  return policy;
};

const scorePolicy = (policy: Policy): number => {
  const fallback = policy.get("default-src") ?? ["*"];
  const script = policy.get("script-src") ?? fallback;
  const objects = policy.get("object-src") ?? fallback;
  const style = policy.get("style-src") ?? fallback;
  const passive = ["img-src", "media-src"].flatMap(
    (name) => policy.get(name) ?? policy.get("default-src") ?? [],
  );
  const active = [...policy]
    .filter(([name]) => name !== "img-src" && name !== "media-src")
    .flatMap(([, list]) => list);
  const some = (list: readonly string[], ...sets: readonly ReadonlySet<string>[]): boolean =>
    list.some((source) => sets.some((set) => set.has(source)));
  if (script.includes("'strict-dynamic'")) return -25;
  if (some(script, BROAD, INLINE) || some(objects, BROAD)) return -20;
  if (active.some((source) => INSECURE.test(source))) return -20;
  if (script.includes("'unsafe-eval'") || style.includes("'unsafe-eval'")) return -10;
  if (passive.some((source) => INSECURE.test(source))) return -10;
  if (some(style, BROAD, INLINE)) return 0;
  return policy.get("default-src")?.join(" ") === "'none'" ? 10 : 5;
};

const policyOf = (headers: Headers): Policy | undefined =>
  parsePolicy(headers.get("content-security-policy") ?? "");

const contentSecurityPolicy: Test = (headers) => {
  const policy = policyOf(headers);
  return policy === undefined ? -25 : scorePolicy(policy);
};

const strictTransportSecurity: Test = (headers) => {
  const value = headers.get("strict-transport-security");
  if (value === null || value.includes(",")) return -20;
  const age = value
    .split(";")
    .map((part) => part.trim().toLowerCase())
    .find((part) => part.startsWith("max-age="));
  if (age === undefined) return -20;
  return Number.parseInt(age.slice(8), 10) < 15_552_000 ? -10 : 0;
};

const PRIVATE: readonly string[] = [
  "no-referrer",
  "same-origin",
  "strict-origin",
  "strict-origin-when-cross-origin",
];
const LEAKING: readonly string[] = [
  "origin",
  "origin-when-cross-origin",
  "unsafe-url",
  "no-referrer-when-downgrade",
];

const referrerPolicy: Test = (headers) => {
  const value = headers.get("referrer-policy");
  if (value === null) return 0;
  const known = value
    .split(",")
    .map((policy) => policy.trim().toLowerCase())
    .filter((policy) => PRIVATE.includes(policy) || LEAKING.includes(policy));
  return PRIVATE.includes(known.at(-1) ?? "") ? 5 : -5;
};

const contentTypeOptions: Test = (headers) =>
  headers.get("x-content-type-options")?.trim().toLowerCase() === "nosniff" ? 0 : -5;

const frameOptions: Test = (headers) => {
  if (policyOf(headers)?.has("frame-ancestors") === true) return 5;
  const value = headers.get("x-frame-options")?.trim().toLowerCase();
  if (value === "deny" || value === "sameorigin") return 5;
  return value?.startsWith("allow-from") === true ? 0 : -20;
};

/** +10 for a value that isolates, 0 for none or the browser's default, -5 for nonsense. */
const isolation =
  (name: string, good: readonly string[], neutral: string): Test =>
  (headers) => {
    const value = headers.get(name)?.trim().toLowerCase();
    if (value === undefined || value === neutral) return 0;
    return good.includes(value) ? 10 : -5;
  };

const TESTS: Readonly<Record<string, Test>> = {
  "content-security-policy": contentSecurityPolicy,
  "strict-transport-security": strictTransportSecurity,
  "referrer-policy": referrerPolicy,
  "x-content-type-options": contentTypeOptions,
  "x-frame-options": frameOptions,
  "cross-origin-opener-policy": isolation(
    "cross-origin-opener-policy",
    ["same-origin", "same-origin-allow-popups", "noopener-allow-popups"],
    "unsafe-none",
  ),
  "cross-origin-embedder-policy": isolation(
    "cross-origin-embedder-policy",
    ["require-corp", "credentialless"],
    "unsafe-none",
  ),
  "cross-origin-resource-policy": isolation(
    "cross-origin-resource-policy",
    ["same-origin", "same-site"],
    "cross-origin",
  ),
};

const GRADES: readonly (readonly [number, string])[] = [
  [100, "A+"],
  [90, "A"],
  [85, "A-"],
  [80, "B+"],
  [70, "B"],
  [65, "B-"],
  [60, "C+"],
  [50, "C"],
  [45, "C-"],
  [40, "D+"],
  [30, "D"],
  [25, "D-"],
];

/** Grades the headers of an HTML answer over https. */
export const observatory = (headers: Headers): Grading => {
  const modifiers = Object.fromEntries(Object.entries(TESTS).map(([name, test]) => [name, test(headers)]));
  let penalties = 0;
  let bonuses = 0;
  for (const modifier of Object.values(modifiers)) {
    if (modifier < 0) penalties += modifier;
    else bonuses += modifier;
  }
  const bare = Math.max(0, 100 + penalties);
  const score = bare >= 90 ? bare + bonuses : bare;
  return { score, grade: GRADES.find(([least]) => score >= least)?.[1] ?? "F", modifiers };
};
