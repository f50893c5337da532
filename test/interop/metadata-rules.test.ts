import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startTestService, type TestService } from "@carnet/testkit/service";
import { decodeProtectedHeader } from "jose";
import { fetchToken } from "../support/fetch-token.ts";

type Metadata = Readonly<Record<string, unknown>>;

const openid = "/.well-known/openid-configuration";
const oauth = "/.well-known/oauth-authorization-server";

const isUrl = (value: unknown): boolean => typeof value === "string" && URL.canParse(value);
const strings = (value: unknown): readonly string[] => {
  assert.ok(Array.isArray(value) && value.every((item) => typeof item === "string"), `${value} is not a list`);
  return value;
};

/**
 * What parsers in Java and Go demand of the metadata, as their source says. Each of them refuses the whole document, or
 * every token, when its rule is broken. They cannot run here, so this test applies their rules.
 */
describe("the metadata obeys the rules of", () => {
  let service: TestService;
  let documents: Readonly<Record<string, Metadata>>;
  before(async () => {
    service = await startTestService();
    const read = async (path: string) => Object(await (await fetch(service.url + path)).json());
    documents = { [openid]: await read(openid), [oauth]: await read(oauth) };
  });
  after(() => service[Symbol.asyncDispose]());

  const both = (check: (metadata: Metadata) => void) => {
    for (const metadata of Object.values(documents)) check(metadata);
  };

  it("Nimbus: com/nimbusds/openid/connect/sdk/op/OIDCProviderMetadata.java, parse", () => {
    both((metadata) => {
      assert.ok(isUrl(metadata["issuer"]));
      assert.ok(isUrl(metadata["jwks_uri"]), "The public JWK set URI must not be null");
      const subjectTypes = strings(metadata["subject_types_supported"]);
      assert.ok(subjectTypes.length > 0, "At least one supported subject type must be specified");
      assert.ok(subjectTypes.every((type) => type === "public" || type === "pairwise"));
      assert.ok(strings(metadata["id_token_signing_alg_values_supported"]).length > 0);
    });
  });

  it("Nimbus: com/nimbusds/oauth2/sdk/as/AuthorizationServerMetadata.java, parse", () => {
    both((metadata) => {
      strings(metadata["response_types_supported"]);
      strings(metadata["grant_types_supported"]);
      const methods = strings(metadata["token_endpoint_auth_methods_supported"]);
      const needAlgorithms = methods.filter((method) => method.endsWith("_jwt"));
      assert.deepEqual(needAlgorithms, [], "these methods demand token_endpoint_auth_signing_alg_values_supported");
      for (const [name, value] of Object.entries(metadata)) {
        if (name.endsWith("_endpoint") || name.endsWith("_uri") || name === "service_documentation")
          assert.ok(isUrl(value), name);
      }
    });
  });

  it("Spring Security: oauth2/client/registration/ClientRegistrations.java, fromIssuerLocation", () => {
    both((metadata) => {
      // It asks for the issuer, and compares the text
      assert.equal(metadata["issuer"], service.url);
      assert.ok(isUrl(metadata["token_endpoint"]));
      const methods = strings(metadata["token_endpoint_auth_methods_supported"]);
      assert.ok(methods.includes("client_secret_basic") || methods.includes("client_secret_post"));
    });
  });

  it("Spring Security: oauth2/jwt/JwtDecoderProviderConfigurationUtils.java, getConfiguration", async () => {
    for (const metadata of Object.values(documents)) {
      const { keys } = Object(await (await fetch(String(metadata["jwks_uri"]))).json());
      // It collects the algorithms of the keys for signatures, and refuses a set that has none
      assert.ok(keys.some(({ use, alg }: Metadata) => (use === "sig" || use === undefined) && typeof alg === "string"));
    }
  });

  it("go-oidc: oidc/oidc.go, NewProvider, and oidc/verify.go, Verify", async () => {
    const metadata = documents[openid] ?? {};
    assert.equal(metadata["issuer"], service.url);
    assert.ok(isUrl(metadata["jwks_uri"]));
    // Without the algorithm of a token here it accepts RS256 only
    const known = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"];
    const algorithms = strings(metadata["id_token_signing_alg_values_supported"]).filter((name) =>
      known.includes(name),
    );
    const { token } = await fetchToken(service, "file:read");
    assert.ok(algorithms.includes(String(decodeProtectedHeader(token).alg)));
  });
});
