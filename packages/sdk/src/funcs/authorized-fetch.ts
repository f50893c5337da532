import type { Result } from "@carnet/protocol/result";
import type { AnyCarnetError } from "../errors/any-carnet-error.ts";
import { authorizedFetch as send } from "../fetch/authorized-fetch.ts";
import type { FetchInit } from "../fetch/fetch-init.ts";
import type { SDKCore } from "../sdk-core.ts";
import { resultOf } from "./result-of.ts";

/** Like `sdk.fetch`, but returns a result instead of throwing. A response with any status is `ok`. */
export function authorizedFetch(
  core: SDKCore,
  input: string | URL | Request,
  init?: FetchInit,
): Promise<Result<Response, AnyCarnetError>> {
  return resultOf(() => send(core, input, init));
}
