// A config with types and code: fairlead --config examples/fairlead.ts
import { defineConfig } from "fairlead";

const teams = ["search", "billing", "accounts"];

export default defineConfig({
  upstreams: Object.fromEntries(teams.map((team) => [team, `http://${team}.internal:8080`])),
  routes: teams.map((team) => ({
    name: team,
    match: { path: `/${team}/*` },
    upstream: team,
    rewrite: { stripPrefix: true },
  })),
});
