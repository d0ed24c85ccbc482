/** The config that `fairlead init` writes: every common setting once, with a comment. */
export const starterConfig = (
  schema: string,
): string => `// A Fairlead config. Check it with "npx fairlead check", start it with "npx fairlead start".
// Durations: "250ms", "10s", "5m". Sizes: "64KiB", "1MB". \${env:NAME} and \${file:PATH} are filled in at load.
{
  "$schema": ${JSON.stringify(schema)},

  "listen": {
    "port": 8080,
    // Proxies in front of this one whose X-Forwarded-* headers are believed.
    // "trustedProxies": ["10.0.0.0/8"],
    // Answers 200 while serving and 503 while shutting down, for load balancers.
    "readyPath": "/readyz"
  },

  // Groups of equivalent servers.
  "upstreams": {
    "app": "http://localhost:3000",
    "api": {
      "endpoints": ["http://localhost:3001", { "url": "http://localhost:3002", "weight": 2 }],
      "timeouts": { "firstByte": "15s" }
    }
  },

  // The most specific match wins, whatever the order.
  "routes": [
    {
      "name": "api",
      "match": { "path": "/api/*" },
      "upstream": "api",
      "rewrite": { "stripPrefix": true },
      "requestHeaders": { "set": { "x-client": "\${client.address}" } }
    },
    { "name": "old blog", "match": { "path": "/blog/*" }, "redirect": { "status": 301, "prefix": "/news" } },
    { "name": "app", "upstream": "app" }
  ],

  // "default" breaks no upstream's pages; "strict" is for sites that load everything from their own origin.
  "securityHeaders": "default"
}
`;
