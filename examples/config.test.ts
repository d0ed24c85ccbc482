// Your config under test, without a network: node --test examples/config.test.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { testGateway } from "fairlead/testing";

test("old blog posts are found under /news", async () => {
  const { app } = testGateway(
    {
      upstreams: { site: "http://site:3000" },
      routes: [
        { match: { path: "/blog/*" }, redirect: { status: 301, prefix: "/news" } },
        { upstream: "site" },
      ],
    },
    { "http://site:3000": (request) => new Response(new URL(request.url).pathname) },
  );

  const moved = await app.request("http://example.com/blog/2020/hello");
  assert.equal(moved.status, 301);
  assert.equal(moved.headers.get("location"), "/news/2020/hello");

  const page = await app.request("http://example.com/news/2020/hello");
  assert.equal(await page.text(), "/news/2020/hello");
});
