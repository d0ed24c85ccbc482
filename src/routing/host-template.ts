/** Hosts with variables. */
import { ProxyError } from "../core/errors.ts";
import { parseAuthority } from "../http/authority.ts";
import { type Template, compileTemplate } from "./template.ts";

/**
 * Compiles a host, with or without a port, that may hold variables. What it renders is a valid authority.
 *
 * Rendering throws `ProxyError` (`bad-request`) when values make something else.
 *
 * @throws TypeError for a host that can't be one, or an unknown variable.
 */
export const compileHost = (text: string): Template => {
  const template = compileTemplate(text);
  if (template.constant !== undefined) {
    if (parseAuthority(template.constant) === undefined) {
      throw new TypeError(
        `host ${JSON.stringify(text)} is not a host name or address, with or without a port`,
      );
    }
    return template;
  }
  return {
    ...template,
    render: (scope) => {
      const host = template.render(scope);
      if (parseAuthority(host) !== undefined) return host;
      throw new ProxyError("bad-request", { detail: `${JSON.stringify(text)} made ${JSON.stringify(host)}` });
    },
  };
};
