import { createHash, createHmac } from "node:crypto";

/**
 * The headers that identify and sign a webhook. The same body has the same id, so a receiver can tell a repetition.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signWebhook(body: string, now: number, key: Uint8Array): Readonly<Record<string, string>> {
  const id = `msg_${createHash("sha256").update(body).digest("base64url")}`;
  const seconds = Math.floor(now / 1000);
  const signature = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": `${seconds}`, "webhook-signature": `v1,${signature}` };
}
