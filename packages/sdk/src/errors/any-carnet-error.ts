import type { ConnectionError } from "./connection-error.ts";
import type { IamError } from "./iam-error.ts";
import type { InsufficientScopeError } from "./insufficient-scope-error.ts";
import type { InvalidRequestError } from "./invalid-request-error.ts";
import type { RequestAbortedError } from "./request-aborted-error.ts";
import type { RequestTimeoutError } from "./request-timeout-error.ts";
import type { ResponseValidationError } from "./response-validation-error.ts";
import type { SDKError } from "./sdk-error.ts";

/** Every error that this package throws; `switch` on its `code`. */
export type AnyCarnetError =
  | IamError
  | SDKError
  | ResponseValidationError
  | ConnectionError
  | RequestTimeoutError
  | RequestAbortedError
  | InvalidRequestError
  | InsufficientScopeError;
