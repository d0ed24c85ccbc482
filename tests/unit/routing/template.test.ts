import { describe, expect, test } from "vitest";
import { compileTemplate } from "../../../src/routing/template.ts";
import { scope } from "./scope.ts";

const render = (text: string, parts?: Parameters<typeof scope>[0]): string =>
  compileTemplate(text).render(scope(parts));

describe("compileTemplate", () => {
  test.each([
    ["${client.address}", "203.0.113.7"],
    ["${request.id}", "req-1"],
    ["${request.method} ${request.scheme}", "GET https"],
    ["${request.host}", "shop.example:8443"],
    ["${request.path}|${request.query}|${request.target}", "/a%20b|?q=1|/a%20b?q=1"],
    ["${param.id}", "42"],
    ["${header.X-Foo}", "bar"],
    ["${query.q}", "1"],
    ["${cookie.sid}", "abc"],
    ["<${param.id}-${param.id}>", "<42-42>"],
  ])("%s renders the request's value", (text, expected) => {
    expect(render(text, { params: { id: "42" }, headers: { "x-foo": "bar", cookie: "a=1; sid=abc" } })).toBe(
      expected,
    );
  });

  test.each(["${param.id}", "${header.x}", "${query.x}", "${cookie.x}", "${param.constructor}"])(
    "%s renders as nothing when the request lacks it",
    (text) => {
      expect(render(`[${text}]`)).toBe("[]");
    },
  );

  test.each([
    ["$${request.id}", "${request.id}"],
    ["a$${b}${request.id}", "a${b}req-1"],
    ["$$${x}", "$${x}"],
    ["costs $5 {}", "costs $5 {}"],
    ["$", "$"],
    ["", ""],
  ])("%s keeps dollars that open no variable", (text, expected) => {
    expect(render(text)).toBe(expected);
  });

  test("text without variables is constant", () => {
    expect(compileTemplate("plain $${x}").constant).toBe("plain ${x}");
    expect(compileTemplate("${request.id}").constant).toBeUndefined();
  });

  test("variables are listed in order", () => {
    expect(compileTemplate("${param.a}/${header.B}").variables).toEqual(["param.a", "header.B"]);
  });

  test.each([
    ["${client.adress}", 'unknown variable "${client.adress}": did you mean "${client.address}"?'],
    ["${heder.x-foo}", 'did you mean "${header.x-foo}"?'],
    ["${params.id}", 'did you mean "${param.id}"?'],
    ["${header}", 'did you mean "${header.NAME}"?'],
    [
      "${}",
      'unknown variable "${}": known are client.address, client.cert.status, client.cert.subject, client.cert.issuer, client.cert.serial, client.cert.fingerprint, request.id, ',
    ],
    ["${constructor}", "known are "],
    ["${param.}", "query.NAME, cookie.NAME"],
  ])("%s is refused with what was probably meant", (text, message) => {
    expect(() => compileTemplate(text)).toThrow(TypeError);
    expect(() => compileTemplate(text)).toThrow(message);
  });

  test("a variable left open is refused", () => {
    expect(() => compileTemplate("x ${request.id")).toThrow('"${" without "}"');
  });

  test("values pass through the given encoding, literals do not", () => {
    const template = compileTemplate("/x y/${query.q}", (value) => encodeURIComponent(value));
    expect(template.render(scope({ query: "?q=a+b%2Fc" }))).toBe("/x y/a%20b%2Fc");
  });
});
