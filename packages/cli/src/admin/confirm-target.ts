import { confirm } from "../confirm.ts";
import { AdminRefusal } from "./admin-refusal.ts";

/**
 * Asks before a change, unless `show` is refused because the target does not exist: that refusal is thrown. An admin that
 * may only write is asked without this check.
 */
export const confirmTarget = (
  question: string,
  { yes }: { readonly yes?: boolean },
  show: () => Promise<unknown>,
): Promise<void> =>
  confirm(question, {
    yes,
    check: () =>
      show().catch((error: unknown) => {
        if (!(error instanceof AdminRefusal && error.problem.type === "urn:carnet:problem:insufficient_scope"))
          throw error;
      }),
  });
