import { invalid } from "../errors/invalid-request-error.ts";

/**
 * Further parameters of a token request, such as `audience` or `resource`. A list sends the name once per value. In a call,
 * `undefined` removes the SDK's value.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8707#section-2 RFC 8707 §2}
 */
export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>;

const RESERVED = /^(grant_type|scope|client_(id|secret))$/;

/** Encodes parameters as a form with sorted names, which is also their part of the cache key. `own` overrides `base`. */
export function parameterForm(own: Parameters | undefined, base = ""): string {
  if (!own) return base;
  const form = new URLSearchParams(base);
  for (const [name, value] of Object.entries(own)) {
    const field = `parameters.${name}`;
    if (RESERVED.test(name)) throw invalid(field, "is reserved: use `security` and `scopes`");
    form.delete(name);
    for (const each of value === undefined ? [] : [value].flat()) {
      if (typeof each !== "string") throw invalid(field, "must be a string or a list of strings");
      form.append(name, each);
    }
  }
  form.sort();
  return form.toString();
}
