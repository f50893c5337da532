import { type Static, Type } from "typebox";
import { signingAlgorithmNames } from "../signing-algorithms.ts";
import { nullable } from "./nullable.ts";

/** The keys that sign tokens, in the admin API. */

const time = (description: string) => Type.String({ format: "date-time", description });

const algorithm = Type.Optional(
  Type.String({
    enum: [...signingAlgorithmNames],
    description: "The algorithm of the key. Default: that of CARNET_SIGNING_ALGORITHM.",
  }),
);

export const KeyRotation = Type.Object(
  {
    algorithm,
    now: Type.Optional(
      Type.Boolean({
        description:
          "Sign with the upcoming key at once, or with a new one if there is none. Verifiers that do not know it yet refuse its tokens: see `warnings`.",
      }),
    ),
  },
  { additionalProperties: false },
);
export type KeyRotation = Static<typeof KeyRotation>;

export const KeyImport = Type.Object(
  {
    private_key: Type.String({
      description:
        "An unencrypted private key: PEM, or a JWK as text. RSA keys have 2048 to 4096 bits and a public exponent from 65537. It is stored encrypted, and no answer returns it.",
      format: "password",
      maxLength: 16_384,
    }),
    algorithm: Type.Optional(
      Type.String({
        enum: [...signingAlgorithmNames],
        description:
          "The algorithm of the key. Default: the `alg` of the JWK, else the first that fits the key, such as RS256 for RSA.",
      }),
    ),
  },
  { additionalProperties: false },
);
export type KeyImport = Static<typeof KeyImport>;

const key = {
  kid: Type.String({ description: "The id of the key, which is the thumbprint of its public part (RFC 7638)." }),
  algorithm: Type.String({ description: "The algorithm, as in the header of tokens." }),
  state: Type.String({
    enum: ["upcoming", "active", "retiring", "revoked"],
    description:
      "`upcoming`: published, does not sign yet. `active`: signs. `retiring`: published, because tokens that it signed may be valid. `revoked`: not published, its tokens are void.",
  }),
  created_at: time("When it was made or imported. It is published from then on."),
  active_from: time("From when it signs, or signed."),
  replaced_from: nullable(
    time(
      "From when another key signs in its place: the upcoming one, or the next one by CARNET_KEY_ROTATION. null: it does not sign, or nothing is planned.",
    ),
  ),
  retired_at: nullable(time("When an operator took it out of use.")),
  revoked_at: nullable(time("When it was revoked.")),
  published_until: nullable(
    time("Until when it is published. null: not known yet, because nothing has taken its place."),
  ),
  age: Type.Integer({ description: "The time since it was made or imported, in seconds." }),
  public_jwk: Type.Record(Type.String(), Type.String(), { description: "The public key, as JWKS has it (RFC 7517)." }),
};

export const SigningKey = Type.Object(key);
export type SigningKey = Static<typeof SigningKey>;

export const SigningKeyList = Type.Object({ keys: Type.Array(SigningKey) });
export type SigningKeyList = Static<typeof SigningKeyList>;

const change = {
  key: Type.Object(key, { description: "The key that was made, imported or named, as it is now." }),
  successor: nullable(
    Type.Object(key, { description: "The key that signs in its place. null: it did not sign, or still does." }),
  ),
  warnings: Type.Array(Type.String(), { description: "What verifiers and callers may see, and for how long." }),
};

/** What a change of the keys has done. */
export const SigningKeyChange = Type.Object(change);
export type SigningKeyChange = Static<typeof SigningKeyChange>;

export const SigningKeyRevocation = Type.Object({
  ...change,
  nodes_refuse_from: time("From when every process of this service refuses its tokens."),
  guards_refuse_from: time(
    "From when every API with `@carnet/guard` refuses its tokens. Behind a CDN, add the time for which it caches.",
  ),
  others_refuse_from: time(
    "From when verifiers without the revocation feed refuse its tokens, if they follow the `max-age` of JWKS.",
  ),
});
export type SigningKeyRevocation = Static<typeof SigningKeyRevocation>;
