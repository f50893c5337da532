// Runs `carnet` as a user without privileges. What it is made of is loaded before: that user may not read it.
import { main } from "@carnet/cli/main";
import "@carnet/server/http/app";

/** The user id of nobody. */
const nobody = 65_534;

if (process.getuid?.() === 0) {
  process.setgroups?.([]);
  process.setgid?.(nobody);
  process.setuid?.(nobody);
}
await main();
