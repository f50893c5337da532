import { openAzureIdentity } from "./azure-identity.ts";
import { openCarnet } from "./carnet.ts";
import type { OpenLibrary } from "./library.ts";
import { openOpenidClient } from "./openid-client.ts";
import { openSimpleOauth2 } from "./simple-oauth2.ts";

/** The measured client libraries by name. Carnet's comes first. */
export const libraries = {
  carnet: openCarnet,
  "openid-client": openOpenidClient,
  "simple-oauth2": openSimpleOauth2,
  "azure-identity": openAzureIdentity,
} as const satisfies Readonly<Record<string, OpenLibrary>>;

export type LibraryName = keyof typeof libraries;
