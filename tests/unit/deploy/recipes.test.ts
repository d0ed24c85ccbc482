/** The recipes under deploy/: well-formed, and of one mind with the configs and limits that they ship. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Deployment, type IDeployment } from "kubernetes-models/apps/v1";
import { type IPodDisruptionBudget, PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { type IService, Namespace, Service } from "kubernetes-models/v1";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Config, ConfigInput } from "../../../src/config/types.ts";
import { ROOT, readSource } from "../../support/sources.ts";

/** What a stop may take besides its own limits: the last telemetry, and the end of the process. */
const MARGIN_S = 5;

const readYaml = (path: string): unknown => parse(readSource(path)) as unknown;

/** A shipped config; what comes from files and variables is filled in. */
const shipped = (path: string, more: ConfigInput = {}): Config => {
  const input = JSON.parse(readSource(path)) as ConfigInput;
  return parseConfig({ ...input, ...more, admin: { ...input.admin, ...more.admin } });
};

const stopSeconds = ({ listen: { drain } }: Config): number => (drain.delayMs + drain.timeoutMs) / 1_000;

describe("Kubernetes", () => {
  const deployment = readYaml("deploy/kubernetes/deployment.yaml") as IDeployment;
  const service = readYaml("deploy/kubernetes/service.yaml") as IService;
  const config = shipped("deploy/kubernetes/fairlead.json", { admin: { token: "0123456789abcdef" } });
  const pod = deployment.spec?.template.spec;
  const container = pod?.containers[0];

  test.each([
    [Deployment, "deployment"],
    [Service, "service"],
    [Namespace, "namespace"],
    [PodDisruptionBudget, "disruption"],
  ] as const)("%o is what its API takes", (Kind, name) => {
    const manifest = readYaml(`deploy/kubernetes/${name}.yaml`);
    expect(() => new Kind(manifest as never).validate()).not.toThrow();
    expect(() => new Kind({ ...(manifest as object), metadata: 1 } as never).validate()).toThrow(/metadata/);
  });

  test("all manifests are in the kustomization, which generates the config's map", () => {
    const { resources, configMapGenerator } = readYaml("deploy/kubernetes/kustomization.yaml") as {
      readonly resources: readonly string[];
      readonly configMapGenerator: readonly { readonly name: string; readonly files: readonly string[] }[];
    };
    expect(resources.toSorted()).toEqual([
      "deployment.yaml",
      "disruption.yaml",
      "namespace.yaml",
      "service.yaml",
    ]);
    const [map] = configMapGenerator;
    expect(pod?.volumes).toEqual([{ name: "config", configMap: { name: map?.name } }]);
    const [directory] = container?.volumeMounts ?? [];
    expect(container?.args?.[1]).toBe(`${directory?.mountPath}/${map?.files[0]}`);
  });

  test("ports and probes are those of the config", () => {
    expect(container?.ports).toEqual([
      { name: "http", containerPort: config.listen.port },
      { name: "admin", containerPort: config.admin.port },
    ]);
    const probes = [container?.startupProbe, container?.livenessProbe, container?.readinessProbe];
    expect(probes.map((probe) => probe?.httpGet)).toEqual(
      ["/livez", "/livez", "/readyz"].map((path) => ({ path, port: "admin" })),
    );
    expect(service.spec?.ports?.map(({ targetPort }) => targetPort)).toEqual(["http"]);
  });

  test("a pod has time to stop, and notices it within the delay", () => {
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(stopSeconds(config) + MARGIN_S);
    const { periodSeconds = 10, failureThreshold = 3 } = container?.readinessProbe ?? {};
    expect(periodSeconds * failureThreshold * 1_000).toBeLessThan(config.listen.drain.delayMs);
  });

  test("a pod may do what the restricted standard allows", () => {
    expect(pod?.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  test("selectors find the pods", () => {
    const { labels } = deployment.spec?.template.metadata ?? {};
    expect(deployment.spec?.selector.matchLabels).toEqual(labels);
    expect(service.spec?.selector).toEqual(labels);
    const budget = readYaml("deploy/kubernetes/disruption.yaml") as IPodDisruptionBudget;
    expect(budget.spec?.selector?.matchLabels).toEqual(labels);
  });
});

describe("the image", () => {
  const dockerfile = readSource("deploy/docker/Dockerfile");
  const config = shipped("deploy/docker/fairlead.json");

  test("runs as a user without rights, on the port that its config has", () => {
    expect(/^USER (\S+)$/m.exec(dockerfile)?.[1]).toBe("node");
    expect(/^EXPOSE (\d+)$/m.exec(dockerfile)?.[1]).toBe(String(config.listen.port));
    expect(/http:\/\/127\.0\.0\.1:(\d+)\/livez/.exec(dockerfile)?.[1]).toBe(String(config.admin.port));
  });

  test("copies only what is there and is sent to the builder", () => {
    const sent = readSource("deploy/docker/Dockerfile.dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    const paths = sent.filter((each) => !each.includes("*"));
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    for (const [, sources = ""] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
      for (const source of sources.split(" ").filter((each) => each !== ".")) expect(sent).toContain(source);
    }
  });
});

describe("compose", () => {
  interface ComposeService {
    readonly ports?: readonly string[];
    readonly volumes?: readonly string[];
    readonly secrets?: readonly string[];
    readonly stop_grace_period?: string;
    readonly build?: { readonly context: string; readonly dockerfile: string };
    readonly depends_on?: readonly string[];
  }
  const compose = readYaml("deploy/compose/compose.yaml") as {
    readonly services: Readonly<Record<string, ComposeService>>;
    readonly secrets: Readonly<Record<string, unknown>>;
    readonly volumes: Readonly<Record<string, unknown>>;
  };
  const config = shipped("deploy/compose/fairlead.json", { admin: { token: "0123456789abcdef" } });
  const services = Object.entries(compose.services);

  test("everything that it mounts and builds is there", () => {
    const here = (path: string): boolean => existsSync(join(ROOT, "deploy/compose", path));
    const missing = services.flatMap(
      ([name, { volumes = [], secrets = [], depends_on: others = [], build }]) => [
        ...volumes
          .map((volume) => volume.split(":")[0] ?? "")
          .filter((from) => !(from.startsWith(".") ? here(from) : from in compose.volumes)),
        ...secrets.filter((secret) => !(secret in compose.secrets)),
        ...others.filter((other) => !(other in compose.services)),
        ...(build === undefined || here(`${build.context}/${build.dockerfile}`)
          ? []
          : [`${name}: ${build.dockerfile}`]),
      ],
    );
    expect(missing).toEqual([]);
  });

  test("names, ports and secrets of the config, of Prometheus and of Grafana are those of the services", () => {
    const { fairlead } = compose.services;
    expect(fairlead?.ports).toEqual([`8080:${config.listen.port}`]);
    expect(readSource("deploy/compose/fairlead.json")).toContain(
      `\${file:/run/secrets/${fairlead?.secrets?.[0]}}`,
    );
    const prometheus = readYaml("deploy/compose/prometheus.yml") as {
      readonly scrape_configs: readonly [
        {
          readonly authorization: { readonly credentials_file: string };
          readonly static_configs: readonly { readonly targets: readonly string[] }[];
        },
      ];
    };
    const [scrape] = prometheus.scrape_configs;
    expect(scrape.static_configs).toEqual([{ targets: [`fairlead:${config.admin.port}`] }]);
    expect(scrape.authorization.credentials_file).toBe(
      `/run/secrets/${compose.services["prometheus"]?.secrets?.[0]}`,
    );
    const { datasources } = readYaml("deploy/compose/grafana/datasources.yml") as {
      readonly datasources: readonly { readonly url: string }[];
    };
    expect(datasources.map(({ url }) => url)).toEqual(["http://prometheus:9090"]);
    const { providers } = readYaml("deploy/compose/grafana/dashboards.yml") as {
      readonly providers: readonly [{ readonly options: { readonly path: string } }];
    };
    const mounted = compose.services["grafana"]?.volumes?.map((volume) => volume.split(":")[1] ?? "") ?? [];
    expect(mounted.map(dirname)).toContain(providers[0].options.path);
  });

  test("the proxy has time to stop", () => {
    const seconds = Number.parseInt(compose.services["fairlead"]?.stop_grace_period ?? "", 10);
    expect(seconds).toBeGreaterThanOrEqual(stopSeconds(config) + MARGIN_S);
  });
});

describe("systemd", () => {
  const unit = readSource("deploy/systemd/fairlead.service");

  test("a service has time to stop", () => {
    const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(
      stopSeconds(parseConfig({ upstreams: { a: "http://a" } })) + MARGIN_S,
    );
  });

  test("the page on the internet shows the unit", () => {
    const shown = /^```ini\n([\s\S]*?)\n```$/m.exec(readSource("docs/internet.md"))?.[1];
    const withoutComments = unit.replaceAll(/^#.*\n/gm, "").trim();
    expect(shown?.replaceAll(/^#.*\n/gm, "").trim()).toBe(withoutComments);
  });
});

const KUBECTL = spawnSync("kubectl", ["version", "--client"]).status === 0;

test.skipIf(!KUBECTL)("kubectl puts the kustomization together", () => {
  const { status, stdout } = spawnSync("kubectl", ["kustomize", join(ROOT, "deploy/kubernetes")], {
    encoding: "utf8",
  });
  expect(status).toBe(0);
  expect(stdout.match(/^kind: .+$/gm)?.toSorted()).toEqual(
    ["ConfigMap", "Deployment", "Namespace", "PodDisruptionBudget", "Service"].map((kind) => `kind: ${kind}`),
  );
});
