// Consumer code that is compiled but never run, against the packed declarations, with an old and a new compiler.
import {
  type AccessToken,
  type AnyCarnetError,
  type BearerToken,
  CarnetError,
  HTTPClient,
  IamError,
  SDK,
  type SDKOptions,
} from "@carnet/sdk";
import { authorizedFetch, iamTokenRequest, type Result, type SDKCore, token } from "@carnet/sdk/funcs";

const options: SDKOptions = {
  security: async () => ({ clientId: "id", clientSecret: "secret" }),
  server: "eu",
  retryConfig: { maxRetries: 2 },
  retryCodes: ["429", "5XX", 418],
  clientAuthentication: "auto",
  parameters: { audience: "a", resource: ["b", "c"] },
  httpClient: new HTTPClient({ fetch, hooks: { beforeRequest: (request) => new Request(request) } }),
  hooks: { onDeprecation: ({ url, sunsetAt }) => void [url, sunsetAt] },
};

export async function consume(): Promise<string> {
  await using sdk = new SDK(options);
  const granted: BearerToken = await sdk.iam.tokenRequest({ scope: ["a", "b"] }, { retries: 1, timeoutMs: 5_000 });
  const cached: AccessToken = await sdk.token({ scopes: "a", requireScopes: true, minValidity: 60 });
  const asFetch: typeof fetch = sdk.fetch;
  const response = await asFetch("/files", { method: "POST", body: "{}" });
  const tokenType: "Bearer" = granted.tokenType;
  // @ts-expect-error The lifetime may be undefined.
  const lifetime: number = cached.expiresIn;
  const end: Date | undefined = cached.expiresAt;
  sdk.close();
  // @ts-expect-error A token is read-only.
  cached.accessToken = "other";
  // @ts-expect-error There is no such option.
  new SDK({ region: "mars" });
  return `${tokenType} ${lifetime} ${end} ${response.status}`;
}

export async function functions(core: SDKCore): Promise<Result<BearerToken, AnyCarnetError>> {
  const outcome = await token(core);
  if (!outcome.ok) return outcome;
  const answer = await authorizedFetch(core, "/files", { scopes: ["a"] });
  return answer.ok ? iamTokenRequest(core) : answer;
}

/** A `switch` on `code` covers every error. */
export function explain(error: AnyCarnetError): string {
  switch (error.code) {
    case "IamError":
      return `${error.error} ${error.errorDescription ?? ""} ${error.status}`;
    case "SDKError":
      return `${error.status} ${error.serverCode ?? ""} ${error.requestId ?? ""}`;
    case "ResponseValidationError":
      return `${error.field} ${error.rawResponse().headers.get("date") ?? ""} ${error.rawResponse().body}`;
    case "ConnectionError":
    case "RequestTimeoutError":
      return `${error.url} ${error.mayHaveArrived}`;
    case "RequestAbortedError":
      return "aborted";
    case "InvalidRequestError":
      return error.field;
    case "InsufficientScopeError":
      return error.missing.join(" ");
    default: {
      const none: never = error;
      return none;
    }
  }
}

export function isRefusal(error: unknown): error is IamError {
  return error instanceof CarnetError && error.code === "IamError" && error instanceof IamError;
}
