import { setTimeout as pause } from "node:timers/promises";
import { generateSigningKey } from "@carnet/server/crypto/signing-key";
import { SigningThread } from "@carnet/server/crypto/signing-thread";

/** Signs the given number of texts on a thread, then ends without closing anything. */

const thread = new SigningThread(await generateSigningKey("ES256"), console.error, 2);
await Promise.all(Array.from({ length: 101 }, () => thread.sign("text")));
await pause(500); // enough time for the thread to start
const signatures = await Promise.all(Array.from({ length: Number(process.argv[2]) }, () => thread.sign("text")));
console.log(`${signatures.length} signed`);
