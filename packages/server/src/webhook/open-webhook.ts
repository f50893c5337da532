import type { Clock, RandomSource } from "@carnet/core/ports";
import type { Configuration } from "../configuration/load-configuration.ts";
import type { Log } from "../log/logger.ts";
import type { Storage } from "../store/open-store.ts";
import { createSqlWebhookQueue } from "../store/sql/webhook-store.ts";
import { createWebhook, type Webhook } from "./webhook.ts";

/** How long a webhook's receiver may take to answer, in milliseconds. */
const webhookTimeout = 10_000;

/** Undefined: none is configured. Otherwise events from now on are sent, including those before the first delivery. */
export async function openWebhook(
  { webhookUrl: url, webhookSecret: key }: Configuration,
  { db, dialect }: Pick<Storage, "db" | "dialect">,
  ports: { readonly clock: Clock; readonly random: RandomSource; readonly log: Log },
): Promise<Webhook | undefined> {
  if (url === undefined || key === undefined) return undefined;
  const queue = createSqlWebhookQueue(db, dialect);
  await queue.begin();
  return createWebhook({ ...ports, queue, url, key, timeout: webhookTimeout });
}
