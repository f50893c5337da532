import { createHmac, createSecretKey } from "node:crypto";
import { secretIdAlphabet } from "@carnet/protocol/ids";

/**
 * Draws, for a client id, the point among the secret ids at which its stand-in is found. Always the same for an id, as
 * a client stays the same; evenly, as secret ids are drawn; and foreseeable for nobody who lacks the pepper. Says
 * nothing about whether the client exists.
 */
export type StandInDraw = (clientId: string) => string;

const length = 8; // more than four thousand billion points

export function createStandInDraw(pepper: Uint8Array): StandInDraw {
  const key = createSecretKey(pepper);
  return (clientId) => {
    const digest = createHmac("sha256", key).update("stand-in\0").update(clientId).digest();
    let point = "";
    for (const byte of digest.subarray(0, length)) point += secretIdAlphabet.charAt(byte % secretIdAlphabet.length);
    return point;
  };
}
