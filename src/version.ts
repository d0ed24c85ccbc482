/** The package's version; a test holds it in step with `package.json` and `deno.json`. */
export const VERSION = "0.1.0";
