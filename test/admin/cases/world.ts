import type { FixedClock } from "@carnet/testkit/fixed-clock";
import type { TestService } from "@carnet/testkit/service";
import type { AdminApi } from "../../support/admin-api.ts";

/** A service, its admin API and its clock, as the cases of one test file share them. */
export interface AdminWorld {
  readonly api: AdminApi;
  readonly service: TestService;
  readonly clock: FixedClock;
}

/** The pointers of the fields that a problem names. */
export const pointersOf = (json: Readonly<Record<string, unknown>>): string[] =>
  (Array.isArray(json["errors"]) ? json["errors"] : []).map((error: unknown) => String(Object(error).pointer));
