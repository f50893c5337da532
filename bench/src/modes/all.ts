import { guard } from "./guard.ts";
import { issuing } from "./issuing.ts";
import { profile } from "./profile.ts";
import { recording } from "./recording.ts";
import { refusals } from "./refusals.ts";
import { registry } from "./registry.ts";
import { revocations } from "./revocations.ts";
import { sdk } from "./sdk.ts";
import { stores } from "./stores.ts";
import { workers } from "./workers.ts";

/** All modes in the order of the page. */
export const modes = {
  issuing,
  workers,
  stores,
  recording,
  registry,
  refusals,
  revocations,
  sdk,
  guard,
  profile,
} as const;

export type ModeName = keyof typeof modes;

/** The results of each mode. */
export type Results = { readonly [Name in ModeName]: Awaited<ReturnType<(typeof modes)[Name]["measure"]>> };
