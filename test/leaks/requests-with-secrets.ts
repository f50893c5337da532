import fc from "fast-check";
import { httpRequest } from "./raw-request.ts";

const form = "grant_type=client_credentials";

/** Every place of a request that can contain a secret, intended or by mistake. */
export const places: Readonly<Record<string, (secret: string) => string>> = {
  "the secret in the body": (s) => httpRequest({ body: `${form}&client_id=app&client_secret=${s}` }),
  "the client id": (s) => httpRequest({ body: `${form}&client_id=${s}&client_secret=x` }),
  "the scope": (s) => httpRequest({ body: `${form}&client_id=app&client_secret=x&scope=${s}` }),
  "the grant type": (s) => httpRequest({ body: `grant_type=${s}&client_id=app` }),
  "the name of a parameter": (s) => httpRequest({ body: `${form}&${s}=x` }),
  "an unknown parameter": (s) => httpRequest({ body: `${form}&password=${s}` }),
  "a repeated parameter": (s) => httpRequest({ body: `${form}&client_secret=${s}&client_secret=${s}` }),
  "a broken escape": (s) => httpRequest({ body: `${form}&client_secret=%zz${s}%` }),
  "an escape that is not UTF-8": (s) => httpRequest({ body: `${form}&client_secret=%ff${s}` }),
  JSON: (s) => json(`{"grant_type":"client_credentials","client_id":"app","client_secret":"${s}"}`),
  "truncated JSON": (s) => json(`{"client_secret":"${s}`),
  "invalid JSON": (s) => json(`{"client_secret":x${s}}`),
  "a number in JSON": (s) => json(`{"client_id":"${s}","client_secret":1}`),
  "the name of a member": (s) => json(`{"${s}":{}}`),
  "JSON under a form header": (s) => httpRequest({ body: `{"client_secret":"${s}"}` }),
  Basic: (s) => authorized(`Basic ${btoa(`app:${s}`)}`),
  "Basic as the id": (s) => authorized(`Basic ${btoa(`${s}:x`)}`),
  "Basic without a colon": (s) => authorized(`Basic ${btoa(s)}`),
  "Basic that is not base64": (s) => authorized(`Basic ${s}-_-`),
  "Basic beside the body": (s) =>
    httpRequest({
      headers: { Authorization: `Basic ${btoa(`app:${s}`)}` },
      body: `${form}&client_id=b&client_secret=${s}`,
    }),
  "another scheme": (s) => authorized(`Digest ${s}`),
  "the scheme": (s) => authorized(`${s} x`),
  "a Bearer header": (s) => authorized(`Bearer ${s}`),
  "the query": (s) => httpRequest({ target: `/oauth2/token?client_id=app&client_secret=${s}`, body: form }),
  "the secret of an introspection": (s) =>
    httpRequest({ target: "/oauth2/introspect", body: `token=x.y.z&client_id=app&client_secret=${s}` }),
  "the token of an introspection": (s) =>
    httpRequest({ target: "/oauth2/introspect", body: `token=${s}&client_id=app&client_secret=x` }),
  "the token of a revocation": (s) =>
    httpRequest({ target: "/oauth2/revoke", body: `token=${s}&client_id=app&client_secret=x` }),
  "a repeated token": (s) => httpRequest({ target: "/oauth2/revoke", body: `token=${s}&token=${s}` }),
  "the hint for a token": (s) => httpRequest({ target: "/oauth2/revoke", body: `token=x&token_type_hint=${s}` }),
  "a token in the query": (s) => httpRequest({ target: `/oauth2/introspect?token=${s}`, body: "token=x" }),
  "the query of another path": (s) => httpRequest({ method: "GET", target: `/docs?client_secret=${s}` }),
  "the query of an unknown path": (s) => httpRequest({ target: `/oauth2/tokens?client_secret=${s}` }),
  "the path": (s) => httpRequest({ target: `/oauth2/token/${s}`, body: form }),
  "a broken path": (s) => httpRequest({ target: `/oauth2/%zz${s}`, body: form }),
  "an absolute URL": (s) => httpRequest({ target: `http://app:${s}@localhost/oauth2/token`, body: form }),
  "the method": (s) => httpRequest({ method: s }),
  "X-Version": (s) => httpRequest({ headers: { "X-Version": s }, body: form }),
  "the preview of X-Version": (s) => httpRequest({ headers: { "X-Version": `2026-04-01.${s}` }, body: form }),
  "Content-Type": (s) => httpRequest({ headers: { "Content-Type": s }, body: form }),
  "the charset": (s) => httpRequest({ headers: { "Content-Type": `application/json; charset=${s}` }, body: "{}" }),
  Host: (s) => httpRequest({ headers: { Host: s }, body: form }),
  "X-Forwarded-For": (s) => httpRequest({ headers: { "X-Forwarded-For": s }, body: form }),
  "Content-Length": (s) => httpRequest({ headers: { "Content-Length": s } }),
  "Transfer-Encoding": (s) => httpRequest({ headers: { "Transfer-Encoding": s } }),
  "If-None-Match": (s) => httpRequest({ method: "GET", target: "/oauth2/jwks", headers: { "If-None-Match": s } }),
  Expect: (s) => httpRequest({ headers: { Expect: s }, body: form }),
  "an unrelated header": (s) => httpRequest({ headers: { "X-Api-Key": s, Cookie: `id=${s}` }, body: form }),
  "the name of a header": (s) => httpRequest({ headers: { [s]: "x", [`${s} y`]: "z" }, body: form }),
  "a request id that is too long": (s) => httpRequest({ headers: { "X-Request-ID": s.repeat(9) }, body: form }),
  "a request id with spaces": (s) => httpRequest({ headers: { "X-Request-ID": `${s} ${s}` }, body: form }),
  "bytes that are not HTTP": (s) => `${s}\r\n\r\n`,
  "a body that is too large": (s) => httpRequest({ body: `${form}&client_secret=${s.repeat(5000)}` }),
  "headers that are too large": (s) => httpRequest({ headers: { Authorization: `Basic ${s.repeat(2000)}` } }),
};

const json = (body: string) => httpRequest({ headers: { "Content-Type": "application/json" }, body });
const authorized = (value: string) => httpRequest({ headers: { Authorization: value }, body: form });

/** Requests with a secret in one of these places and with some bytes outside the secret removed or replaced. */
export const damagedRequest = (secret: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(...Object.values(places)),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom("", "\0", "\r\n", " ", "%", '"', "\\", "&", "=", "é", "{")), {
        maxLength: 4,
      }),
    )
    .map(([place, damages]) => {
      const request = place(secret);
      // A damaged secret would be a different one
      return damages.reduce((damaged, [at, instead]) => {
        const position = at % damaged.length;
        const near = damaged.slice(Math.max(0, position - secret.length), position + secret.length);
        return near.includes(secret) ? damaged : damaged.slice(0, position) + instead + damaged.slice(position + 1);
      }, request);
    });
