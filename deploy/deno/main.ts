// Fairlead on Deno Deploy. On this machine: deno run --allow-net --allow-env main.ts
import { defineConfig, gateway } from "fairlead/fetch";

const config = defineConfig({
  upstreams: { app: Deno.env.get("UPSTREAM") ?? "https://example.com" },
  routes: [{ upstream: "app" }],
});

Deno.serve(gateway(config).fetch);
