const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

const formOf = (secret: string): string => new URLSearchParams({ s: secret }).toString().slice(2);
const jsonOf = (secret: string): string => JSON.stringify(secret).slice(1, -1);

/** Base64 of `id:secret`, as the Basic scheme sends it. */
const basicOf = (secret: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(`id:${secret}`)));

/** The ways in which a server or a library may write a secret. */
export const SPELLINGS: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => secret,
  form: formOf,
  percent: (secret) => encodeURIComponent(secret.toWellFormed()),
  lowerPercent: (secret) => encodeURIComponent(secret.toWellFormed()).toLowerCase(),
  percentTwice: (secret) => encodeURIComponent(encodeURIComponent(secret.toWellFormed())),
  json: jsonOf,
  jsonTwice: (secret) => jsonOf(jsonOf(secret)),
  jsonAscii: (secret) =>
    jsonOf(secret).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  jsonSlash: (secret) => jsonOf(secret).replaceAll("/", "\\/"),
  htmlNamed: (secret) => secret.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char),
  htmlDecimal: (secret) => secret.replace(/[^\w ]/gu, (char) => `&#${char.codePointAt(0)};`),
  htmlHex: (secret) => secret.replace(/[^\w ]/gu, (char) => `&#x${char.codePointAt(0)?.toString(16)};`),
  basic: basicOf,
  basicOfForm: (secret) => basicOf(formOf(secret)),
};

/** All spellings of a secret. */
export function spellings(secret: string): string[] {
  return Object.values(SPELLINGS).map((spell) => spell(secret));
}
