// A Worker: wrangler deploy examples/worker.ts
import { defineConfig, gateway } from "fairlead";

const config = defineConfig({
  upstreams: { stable: "https://stable.example.com", canary: "https://canary.example.com" },
  routes: [
    {
      name: "testers",
      match: { cookies: { beta: "1" } },
      upstream: "canary",
    },
    {
      name: "everybody",
      upstream: [
        { name: "stable", weight: 95 },
        { name: "canary", weight: 5 },
      ],
    },
  ],
});

export default gateway(config);
