import { setTimeout as pause } from "node:timers/promises";
import { generateSigningKey } from "@carnet/server/crypto/signing-key";
import { SigningThread } from "@carnet/server/crypto/signing-thread";

/** Gives a thread as many texts as are named, waits for nothing else, and comes to its end without closing anything. */

const thread = new SigningThread(await generateSigningKey("ES256"), console.error, 2);
await Promise.all(Array.from({ length: 101 }, () => thread.sign("text")));
await pause(500); // time enough for the thread to be there
const signatures = await Promise.all(Array.from({ length: Number(process.argv[2]) }, () => thread.sign("text")));
console.log(`${signatures.length} signed`);
