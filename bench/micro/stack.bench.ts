/** The whole way of a request without a network. Web `Request` and `Response` are most of it. */
import { do_not_optimize } from "mitata";
import { type TestGateway, testGateway } from "../../runtimes/memory/mod.ts";
import { configOf } from "./samples.ts";
import type { Suite } from "./suite.ts";

const body = "x".repeat(1024);
const upstream = (): Response => new Response(body, { headers: { server: "nginx", etag: '"1"' } });
const upstreams = Object.fromEntries(
  Array.from({ length: 20 }, (_, i) =>
    [1, 2].map((host) => [`http://10.0.${i}.${host}:3000`, upstream]),
  ).flat(),
);
const headers = { host: "shop-7.example.com", accept: "*/*", "user-agent": "bench" };

const ask = async ({ app }: TestGateway, path: string, status: number): Promise<void> => {
  const response = await app.request(`http://shop-7.example.com${path}`, { headers });
  if (response.status !== status) throw new Error(`${path}: status ${response.status}`);
  do_not_optimize(await response.text());
};

export const suites = (): Suite[] => {
  const one = { upstreams: { main: "http://10.0.0.1:3000" }, routes: [{ upstream: "main" }] };
  const small = testGateway(one, upstreams);
  const large = testGateway(configOf(5000), upstreams);
  return [
    {
      title: "whole stack, memory transport",
      benches: {
        "GET, one route": () => ask(small, "/api/v1/x", 200),
        "GET, 5,000 routes": () => ask(large, "/api/v1/x", 200),
        "404, 5,000 routes": () => ask(large, "/nothing", 404),
      },
    },
  ];
};
