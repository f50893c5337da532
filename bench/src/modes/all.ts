import { issuing } from "./issuing.ts";
import { profile } from "./profile.ts";
import { recording } from "./recording.ts";
import { refusals } from "./refusals.ts";
import { registry } from "./registry.ts";
import { sdk } from "./sdk.ts";

/** Everything that can be measured, in the order of the page. */
export const modes = { issuing, recording, registry, refusals, sdk, profile } as const;

export type ModeName = keyof typeof modes;

/** What each mode comes to. */
export type Results = { readonly [Name in ModeName]: Awaited<ReturnType<(typeof modes)[Name]["measure"]>> };
