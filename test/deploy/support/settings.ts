import assert from "node:assert/strict";
import type { Setting } from "@carnet/server/configuration/setting";
import { settings } from "@carnet/server/configuration/settings";

const rows = new Map<string, Setting<unknown>>(Object.values(settings).map((row) => [row.environment, row]));

/** Fails if an environment has a setting that Carnet does not know, or a value that it refuses. */
export function settingsOf(environment: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(environment)) {
    const text = value.replace(/\$\{\w+:-([^}]*)\}/g, "$1"); // the default of a variable
    const row = rows.get(name);
    if (name.startsWith("CARNET_")) assert.ok(row?.parse(text).ok, `${name}=${text}: ${row?.accepts ?? "not known"}`);
  }
}
