// The Kubernetes manifests are valid by the models of the Kubernetes API, and keep what the service needs of them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { paths } from "@carnet/protocol/endpoints";
import { temporaryFolder } from "@carnet/testkit/temporary-folder";
import { parse } from "yaml";
import { settingsOf } from "./support/settings.ts";
import { readYaml } from "./support/yaml.ts";

const root = join(import.meta.dirname, "../..");
const files = globSync("kubernetes/**/*.yaml", { cwd: join(root, "deploy") }).sort();
const isKustomization = (file: string): boolean => file.endsWith("kustomization.yaml");
const manifests = files.filter((file) => !isKustomization(file)).map((file) => ({ file, content: readYaml(file) }));
const contentOf = (kind: string) => manifests.find(({ content }) => content.kind === kind)?.content;
const pods = ["Deployment", "Job"].map((kind) => contentOf(kind).spec.template);
const kustomizations: ReturnType<typeof readYaml> = Object.fromEntries(
  files.filter(isKustomization).map((file) => [file.split("/")[1], readYaml(file)]),
);

/** The settings that a kustomization gives. */
const literalsOf = (name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    kustomizations[name].configMapGenerator[0].literals.map((text: string) => {
      const at = text.indexOf("=");
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );

suite("the Kubernetes manifests", () => {
  test("are valid by the models of the API", async () => {
    for (const { file, content } of manifests) {
      const { [content.kind]: Model } = await import(`kubernetes-models/${content.apiVersion}`);
      assert.doesNotThrow(() => new Model(content).validate(), file);
    }
    const { Deployment } = await import("kubernetes-models/apps/v1");
    const wrong = { ...contentOf("Deployment"), spec: { ...contentOf("Deployment").spec, replicas: "two" } };
    assert.throws(() => new Deployment(wrong).validate(), /replicas must be integer/);
  });

  test("have no member that the API does not know", async () => {
    await using folder = await temporaryFolder();
    symlinkSync(join(root, "node_modules"), folder.file("node_modules"));
    const check = (all: readonly { readonly content: { apiVersion: string; kind: string } }[]): string => {
      const lines = all.map(({ content }, at) => {
        const type = `import("kubernetes-models/${content.apiVersion}").I${content.kind}`;
        return `export const manifest${at}: ${type} = ${JSON.stringify(content)};\n`;
      });
      writeFileSync(folder.file("manifests.ts"), lines.join(""));
      const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "esnext"];
      try {
        return execFileSync("tsc", [...options, "manifests.ts"], { cwd: folder.path, encoding: "utf8" });
      } catch (error) {
        return String((error as { stdout?: unknown }).stdout);
      }
    };
    assert.equal(check(manifests), "");
    const service = contentOf("Service");
    assert.match(
      check([{ content: { ...service, spec: { ...service.spec, slector: {} } } }]),
      /slector.* does not exist/,
    );
  });

  test("are all part of a kustomization, whose files exist", () => {
    const named = Object.keys(kustomizations).flatMap((folder) =>
      kustomizations[folder].resources
        .filter((name: string) => name.endsWith(".yaml"))
        .map((name: string) => `kubernetes/${folder}/${name}`),
    );
    assert.deepEqual(
      named.sort(),
      manifests.map(({ file }) => file),
    );
  });

  test("give settings and secrets that the service accepts", () => {
    const settings = { ...literalsOf("base"), ...literalsOf("example") };
    settingsOf(settings);
    const [{ files: secrets }] = kustomizations["example"].secretGenerator;
    const mounts: readonly { name: string; mountPath: string }[] = pods[0].spec.containers[0].volumeMounts;
    const folder = mounts.find(({ name }) => name === "secrets")?.mountPath;
    for (const name of ["CARNET_MASTER_KEY_FILE", "CARNET_STORE_PASSWORD_FILE"]) {
      const key = settings[name]?.replace(`${folder}/`, "");
      assert.ok(
        secrets.some((text: string) => text.startsWith(`${key}=`)),
        name,
      );
    }
    assert.match(readFileSync(join(root, ".gitignore"), "utf8"), /^deploy\/\*\*\/secrets\/$/m);
  });

  test("change tables with the secret of the owner that the upgrade page makes", () => {
    const page = readFileSync(join(root, "docs/operate/upgrade.md"), "utf8");
    const { secretGenerator } = parse(/^```yaml\n(.*?)^```/ms.exec(page)?.[1] ?? "");
    const [{ name, literals, files: kept }] = secretGenerator;
    const { containers, volumes } = contentOf("Job").spec.template.spec;
    const from = containers[0].env.find((variable: { name: string }) => variable.name === "CARNET_STORE");
    assert.deepEqual(from.valueFrom.secretKeyRef, { name, key: literals[0].split("=")[0] });
    assert.ok(volumes.some(({ secret }: { secret?: { secretName: string } }) => secret?.secretName === name));
    assert.ok(literalsOf("base")["CARNET_STORE_PASSWORD_FILE"]?.endsWith(`/${kept[0].split("=")[0]}`));
  });

  test("keep the variables that Kubernetes makes for a Service away from the settings", () => {
    for (const { spec } of pods) assert.equal(spec.enableServiceLinks, false);
  });

  test("meet the restricted pod security standard", () => {
    for (const { spec } of pods) {
      const { runAsNonRoot, runAsUser, seccompProfile } = spec.securityContext;
      assert.deepEqual([runAsNonRoot, runAsUser, seccompProfile.type], [true, 65532, "RuntimeDefault"]);
      assert.equal(spec.automountServiceAccountToken, false);
      for (const { securityContext } of spec.containers)
        assert.deepEqual(securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
      for (const { configMap, emptyDir, secret } of spec.volumes) assert.ok(configMap ?? emptyDir ?? secret);
    }
  });

  test("probe paths and ports that exist, and restart nothing because the store is away", () => {
    const [container] = contentOf("Deployment").spec.template.spec.containers;
    const { startupProbe, livenessProbe, readinessProbe, ports } = container;
    assert.deepEqual(
      [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path),
      [paths.live, paths.live, paths.ready],
    );
    const names = ports.map(({ name }: { name: string }) => name);
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) assert.ok(names.includes(httpGet.port));
    const service = contentOf("Service").spec;
    assert.ok(names.includes(service.ports[0].targetPort));
    assert.equal(literalsOf("base")["CARNET_MANAGEMENT_PORT"], "9464");
    assert.deepEqual(
      ports.map(({ containerPort }: { containerPort: number }) => containerPort),
      [8080, 9464],
    );
  });

  test("select the same pods everywhere", () => {
    const labels = { "app.kubernetes.io/name": "carnet" };
    const { spec } = contentOf("Deployment");
    assert.deepEqual(spec.template.metadata.labels, labels);
    assert.deepEqual(spec.selector.matchLabels, labels);
    assert.deepEqual(contentOf("Service").spec.selector, labels);
    assert.deepEqual(contentOf("PodDisruptionBudget").spec.selector.matchLabels, labels);
    assert.deepEqual(contentOf("NetworkPolicy").spec.podSelector.matchLabels, labels);
    assert.equal(contentOf("HorizontalPodAutoscaler").spec.scaleTargetRef.name, contentOf("Deployment").metadata.name);
  });

  test("replace pods without a gap, and give a stop the time that it takes", () => {
    const { strategy, replicas, template } = contentOf("Deployment").spec;
    assert.equal(strategy.rollingUpdate.maxUnavailable, 0);
    assert.equal(replicas, undefined, "the autoscaler owns it");
    const { preStop } = template.spec.containers[0].lifecycle;
    assert.ok(template.spec.terminationGracePeriodSeconds > preStop.sleep.seconds + 9);
  });
});
