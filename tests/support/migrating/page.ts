/** docs/migrating.md as idioms: a heading, and what it looks like in each proxy. */
import { readSource } from "../sources.ts";

/** By the language of the code block. */
const LANGUAGES = {
  nginx: "nginx",
  caddyfile: "caddy",
  haproxy: "haproxy",
  yaml: "traefik",
  js: "http-proxy-middleware",
  jsonc: "fairlead",
} as const;

export type ProxyName = (typeof LANGUAGES)[keyof typeof LANGUAGES];

export interface Idiom {
  readonly heading: string;
  readonly snippets: ReadonlyMap<ProxyName, string>;
}

const isLanguage = (name: string): name is keyof typeof LANGUAGES => name in LANGUAGES;

/** Those with a config of Fairlead, in the order of the page. */
export const idioms = (): readonly Idiom[] =>
  readSource("docs/migrating.md")
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      heading: section.slice(0, section.indexOf("\n")),
      snippets: new Map(
        Array.from(section.matchAll(/^```(\w+)\n([\s\S]*?)\n```$/gm), ([, language = "", text = ""]) =>
          isLanguage(language) ? ([LANGUAGES[language], text] as const) : undefined,
        ).filter((entry) => entry !== undefined),
      ),
    }))
    .filter(({ snippets }) => snippets.has("fairlead"));
