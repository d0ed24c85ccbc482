/** What a stranger, a web page and somebody with a wrong token send to the admin API. */
import type { RawResponse } from "./raw-client.ts";
import { requestText } from "./suite.ts";

export interface AttackTarget {
  /** Path that the API is below; "" for none. */
  readonly prefix: string;
  /** `Host` that it is called by. */
  readonly host: string;
  /** Undefined where none is needed. */
  readonly token: string | undefined;
}

/** A request that must not succeed. */
export interface Attack {
  readonly what: string;
  readonly method: string;
  readonly text: string;
  /** Answers that are right. */
  readonly statuses: readonly number[];
}

/** What an attacker must not find in an answer: secrets, the state of the proxy, leave for other sites' scripts. */
const LEAKS = ["canary", "generation", "access-control-"];

/** What is wrong with the answer to `attack`; nothing where it was repelled. */
export const leaksOf = (
  { what, statuses }: Attack,
  { status, fields, text }: RawResponse,
): readonly string[] => {
  const told = `${text}${JSON.stringify(fields)}`.toLowerCase();
  return [
    ...(statuses.includes(status) ? [] : [`${what} → ${status} ${text.slice(0, 200)}`]),
    ...LEAKS.filter((leak) => told.includes(leak)).map((leak) => `${what} tells ${leak}`),
  ];
};

interface Parts {
  readonly method?: string;
  readonly host?: string | false;
  readonly version?: "1.0";
  readonly fields?: readonly string[];
  readonly body?: string;
}

const DRAIN = JSON.stringify({ upstream: "main", endpoint: "http://127.0.0.1:1" });
const JSON_TYPE = "Content-Type: application/json";

/** Every call there is, as a stranger would try it. */
const CALLS: readonly (readonly [method: string, path: string, body?: string])[] = [
  ["GET", "/metrics"],
  ["GET", "/api/state"],
  ["HEAD", "/api/state"],
  ["GET", "/api/routes"],
  ["GET", "/api/upstreams"],
  ["GET", "/api/upstreams/main"],
  ["GET", "/api/failures"],
  ["GET", "/api/connections"],
  ["DELETE", "/api/connections/1"],
  ["POST", "/api/endpoints/drain", DRAIN],
  ["POST", "/api/endpoints/enable", DRAIN],
  ["PUT", "/api/endpoints/weight", DRAIN],
  ["POST", "/api/breakers/open", DRAIN],
  ["POST", "/api/health/check", DRAIN],
  ["PUT", "/log/levels/all", '{"level":"off"}'],
  ["GET", "/config"],
  ["PUT", "/config", "{}"],
  ["POST", "/config", "{}"],
  ["POST", "/config/check", "{}"],
  ["POST", "/explain", '{"url":"http://x/"}'],
  ["GET", "/openapi.json"],
  ["POST", "/api/upgrade", "{}"],
  ["POST", "/debug/heap"],
  ["POST", "/debug/profile?seconds=1"],
  ["POST", "/debug/event-loop"],
  ["GET", "/debug/resources"],
  ["GET", "/events"],
  ["GET", "/nothing"],
  ["OPTIONS", "/config"],
  ["PATCH", "/config", "{}"],
];

const attack = (
  { host, prefix }: AttackTarget,
  what: string,
  target: string,
  statuses: readonly number[],
  parts: Parts = {},
): Attack => {
  const { method = "GET" } = parts;
  const at = target.startsWith("/") ? prefix + target : target;
  return { what: `${what}: ${method} ${at}`, method, statuses, text: requestText(at, { host, ...parts }) };
};

const withType = (body: string | undefined): Pick<Parts, "body" | "fields"> =>
  body === undefined ? {} : { body, fields: [JSON_TYPE] };

/** Without the token, or with one that is nearly right. */
export const withoutToken = (at: AttackTarget): readonly Attack[] => {
  const { token = "" } = at;
  const wrong = [
    "Bearer",
    "Bearer ",
    `Bearer ${token}x`,
    `Bearer x${token}`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token.toUpperCase()}`,
    `Bearer ${token} ${token}`,
    `Basic ${Buffer.from(`admin:${token}`).toString("base64")}`,
    `Token ${token}`,
    token,
    `Bearer ${"a".repeat(8_000)}`,
  ];
  return [
    // PATCH is no method of the API at all.
    ...CALLS.map(([method, path, body]) =>
      attack(at, "no token", path, [401, ...(method === "PATCH" || method === "OPTIONS" ? [405] : [])], {
        method,
        ...withType(body),
      }),
    ),
    ...wrong.map((value) =>
      attack(at, "wrong token", "/api/state", [401], { fields: [`Authorization: ${value}`] }),
    ),
    attack(at, "token in the query", `/api/state?token=${token}&access_token=${token}`, [401]),
    attack(at, "token in a cookie", "/api/state", [401], {
      fields: [`Cookie: token=${token}; authorization=${token}`],
    }),
    attack(at, "token in a header of another name", "/api/state", [401], {
      fields: [`X-Authorization: Bearer ${token}`, `Proxy-Authorization: Bearer ${token}`],
    }),
    attack(at, "claims to be this machine", "/api/state", [401], {
      fields: ["X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1"],
    }),
    attack(at, "another method by a field", "/livez", [200, 401], {
      fields: ["X-HTTP-Method-Override: PUT", "X-Original-URL: /api/state", "X-Rewrite-URL: /api/state"],
    }),
  ];
};

/** Other spellings of paths, without the token. */
export const pathTricks = (at: AttackTarget): readonly Attack[] => {
  const { prefix } = at;
  const targets = [
    "/livez/../api/state",
    "/livez/%2e%2e/api/state",
    "/livez/..%2fapi/state",
    "/livez/..;/api/state",
    "/livez;/../api/state",
    "/livez%2f..%2fapi%2fstate",
    "/livez//../api/state",
    "/readyz/./../config",
    "/./api/state",
    "//api/state",
    "/api//state",
    "/api/state/",
    "/api/state%00",
    "/api/state%20",
    "/api/state?/livez",
    "/api/state#/livez",
    "/api%2fstate",
    "/%61pi/state",
    "/%2561pi/state",
    "/API/STATE",
    "/api/upstreams/..%2f..%2fconfig",
    "/api/upstreams/%2e%2e/%2e%2e/config",
    "/api\\state",
    "/log/levels/..%2f..%2fetc%2fpasswd",
    "/dashboard/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/dashboard/../../../../etc/passwd",
  ];
  const refused = [400, 401, 404];
  return [
    ...targets.map((target) => attack(at, "path trick", target, refused)),
    {
      ...attack(at, "whole URL", "/", refused),
      text: requestText(`http://${at.host}${prefix}/api/state`, { host: at.host }),
    },
  ];
};

/** With the right token, if there is one, but sent by a browser for somebody else's page. */
export const fromOtherSites = (at: AttackTarget): readonly Attack[] => {
  const own = at.token === undefined ? [] : [`Authorization: Bearer ${at.token}`];
  const sent = (
    what: string,
    fields: readonly string[],
    statuses: readonly number[] = [403],
  ): readonly Attack[] => [
    attack(at, what, "/api/state", statuses, { fields: [...own, ...fields] }),
    attack(at, what, "/events", statuses, { fields: [...own, "Accept: text/event-stream", ...fields] }),
    attack(at, what, "/api/endpoints/drain", statuses, {
      method: "POST",
      body: DRAIN,
      fields: [...own, JSON_TYPE, ...fields],
    }),
    attack(at, what, "/config", statuses, {
      method: "PUT",
      body: "{}",
      fields: [...own, JSON_TYPE, ...fields],
    }),
  ];
  return [
    ...sent("page of another origin", ["Origin: http://evil.example"]),
    ...sent("page of another port", [`Origin: http://${at.host.replace(/:\d+$/, "")}:1`]),
    ...sent("page of a longer name", [`Origin: http://${at.host}.evil.example`]),
    ...sent("page without an origin", ["Origin: null"]),
    ...sent("file on the disk", ["Origin: file://"]),
    ...sent("cross-site by the browser's word", ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"]),
    ...sent("page of the same site", ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"]),
    attack(at, "form of another site", "/api/endpoints/drain", [403], {
      method: "POST",
      body: "upstream=main",
      fields: [
        ...own,
        "Content-Type: application/x-www-form-urlencoded",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Dest: document",
      ],
    }),
    attack(at, "frame of another site", "/api/state", [403], {
      fields: [...own, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"],
    }),
    ...["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"].map((type) =>
      attack(at, `content that needs no permission (${type})`, "/api/endpoints/drain", [415], {
        method: "POST",
        body: DRAIN,
        fields: [...own, `Content-Type: ${type}`],
      }),
    ),
    attack(at, "content without a type", "/api/endpoints/drain", [415], {
      method: "POST",
      body: DRAIN,
      fields: own,
    }),
  ];
};

/** Names that an attacker's DNS server points at the listener. */
export const rebinding = (at: AttackTarget): readonly Attack[] => {
  const own = at.token === undefined ? [] : [`Authorization: Bearer ${at.token}`];
  const [, port = ""] = /:(\d+)$/.exec(at.host) ?? [];
  const names = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil-localhost",
    "10.0.0.1",
    "[2001:db8::1]",
  ];
  return [
    ...names.map((name) =>
      attack({ ...at, host: `${name}:${port}` }, `host ${name}`, "/api/state", [421], { fields: own }),
    ),
    attack(at, "no host", "/api/state", [421], { host: false, version: "1.0", fields: own }),
  ];
};

/** With the right token: too much content. */
export const oversized = (at: AttackTarget): readonly Attack[] => {
  const own = at.token === undefined ? [] : [`Authorization: Bearer ${at.token}`];
  const huge = `{"x":"${"x".repeat(2 ** 20)}"}`;
  const chunked = `${requestText(`${at.prefix}/config`, {
    method: "PUT",
    host: at.host,
    fields: [...own, JSON_TYPE, "Transfer-Encoding: chunked"],
  })}${huge.length.toString(16)}\r\n${huge}\r\n0\r\n\r\n`;
  const announced = requestText(`${at.prefix}/config`, {
    method: "PUT",
    host: at.host,
    fields: [...own, JSON_TYPE, "Content-Length: 1000000000000"],
  });
  return [
    { what: "oversized config in chunks", method: "PUT", text: chunked, statuses: [413] },
    { what: "oversized config, announced", method: "PUT", text: announced, statuses: [413] },
    attack(at, "config nested deeply", "/config", [400], {
      method: "PUT",
      body: `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
      fields: [...own, JSON_TYPE],
    }),
    attack(at, "prototype in a config", "/config/check", [422], {
      method: "POST",
      body: '{"__proto__":{"port":1},"constructor":{"prototype":{}},"routes":[{"respond":{}}]}',
      fields: [...own, JSON_TYPE],
    }),
    attack(at, "long query", `/api/state?${"x".repeat(20_000)}`, [414], { fields: own }),
    attack(at, "many names of files", "/config/check", [422], {
      method: "POST",
      body: JSON.stringify({
        upstreams: { main: "${file:/etc/passwd}" },
        routes: [{ respond: { body: "${env:PATH}" } }],
      }),
      fields: [...own, JSON_TYPE],
    }),
  ];
};
