import { Iam } from "./iam.ts";
import { SDKCore } from "./sdk-core.ts";
import type { SDKOptions } from "./settings/options.ts";

/** A client of a token service and of the API behind it. */
export class SDK extends SDKCore {
  /** The IAM operations. */
  readonly iam: Iam;

  /** @throws {InvalidRequestError} for an option that cannot be used */
  constructor(options: SDKOptions = {}) {
    super(options);
    this.iam = new Iam(this);
  }
}
