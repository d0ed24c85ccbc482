/** The little of Cloudflare's own modules that is used here. */
declare module "cloudflare:workers" {
  /** Bindings of this Worker. */
  export const env: object;
}

/** Whoever bundles the Worker says which file this is: `[alias]` of wrangler.toml, or esbuild's `alias`. */
declare module "fairlead-config" {
  const config: unknown;
  export default config;
}
