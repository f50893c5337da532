import { auditSettings } from "./audit-settings.ts";
import { keySettings } from "./key-settings.ts";
import { listenerSettings } from "./listener-settings.ts";
import type { Setting } from "./setting.ts";
import { storeSettings } from "./store-settings.ts";
import { tokenSettings } from "./token-settings.ts";

/** All settings, in the order of the reference page. */
export const settings = {
  ...listenerSettings,
  ...storeSettings,
  ...tokenSettings,
  ...keySettings,
  ...auditSettings,
} as const;

export type SettingName = keyof typeof settings;

export type SettingValues = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer Value> ? Value : never;
};

/** Variables with the same prefix that other parts of Carnet read. The service ignores them. */
export const foreignEnvironment: ReadonlySet<string> = new Set([
  "CARNET_CONFIG",
  "CARNET_CLIENT_ID",
  "CARNET_CLIENT_SECRET",
  "CARNET_CLIENT_SECRET_FILE",
  "CARNET_SERVER_URL",
  "CARNET_REGION",
  "CARNET_ADMIN_CLIENT_ID",
  "CARNET_ADMIN_CLIENT_SECRET",
  "CARNET_NEW_MASTER_KEY",
]);
