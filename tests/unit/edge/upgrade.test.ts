import { describe, expect, it } from "vitest";
import { upgradeOf } from "../../../src/edge/upgrade.ts";
import { newFieldNotes, noteField } from "../../../src/http/field-notes.ts";

const offered = (
  fields: readonly string[],
  {
    method = "GET",
    version = "1.1",
  }: { readonly method?: string; readonly version?: string | undefined } = {},
): string | undefined => {
  const notes = newFieldNotes();
  for (let i = 0; i < fields.length; i += 2) noteField(notes, fields[i] ?? "", fields[i + 1] ?? "");
  const head = {
    method,
    version,
    notes,
    fields,
    target: "/",
    scheme: "http",
    authority: undefined,
    refusal: undefined,
  } as const;
  return upgradeOf(head, new Set(["websocket", "example/1"]));
};

const OFFER = ["Connection", "keep-alive, Upgrade", "Upgrade", "WebSocket"];

describe("offer to switch protocols", () => {
  it("counts as it was written", () => {
    expect(offered(OFFER)).toBe("WebSocket");
    expect(offered(["Connection", "upgrade", "Upgrade", "example/1"], { method: "POST" })).toBe("example/1");
  });

  it.each<[string, readonly string[], { readonly method?: string; readonly version?: string }]>([
    ["without the connection option", ["Upgrade", "websocket"], {}],
    ["of several protocols", ["Connection", "Upgrade", "Upgrade", "websocket, example/1"], {}],
    ["of a protocol that is not allowed", ["Connection", "Upgrade", "Upgrade", "other"], {}],
    ["in HTTP/1.0", OFFER, { version: "1.0" }],
    ["of a WebSocket with POST", OFFER, { method: "POST" }],
    ["with content", [...OFFER, "Content-Length", "2"], {}],
    ["with chunked content", [...OFFER, "Transfer-Encoding", "chunked"], {}],
  ])("%s is ignored", (_, fields, more) => {
    expect(offered(fields, more)).toBeUndefined();
  });
});
