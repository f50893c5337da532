import type { FixedClock } from "@carnet/testkit/fixed-clock";
import type { TestService } from "@carnet/testkit/service";
import type { AdminApi } from "../../support/admin-api.ts";

/** The service, its admin API and its clock, shared by the cases of one test file. */
export interface AdminWorld {
  readonly api: AdminApi;
  readonly service: TestService;
  readonly clock: FixedClock;
}

/** The pointers in a problem document. */
export const pointersOf = (json: Readonly<Record<string, unknown>>): string[] =>
  (Array.isArray(json["errors"]) ? json["errors"] : []).map((error: unknown) => String(Object(error).pointer));
