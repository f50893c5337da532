import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

const webhook = new Webhook(process.env["CARNET_WEBHOOK_SECRET"] ?? "");
const seen = new Set<string>(); // in production: a table of your database

const server = createServer(async (request, response) => {
  try {
    const body = await text(request); // the bytes as they came: parsed and written again, they may differ
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    webhook.verify(body, headers);
    const { events, skipped = 0 } = JSON.parse(body);
    if (skipped > 0) console.log(`${skipped} events were skipped`);
    for (const { id, time, event, actor } of events) {
      if (seen.has(id)) continue; // sent again, because an answer was lost
      console.log(time, event, "by", actor.client_id ?? actor.type);
      seen.add(id);
    }
    response.writeHead(204).end();
  } catch (error) {
    const isForged = error instanceof WebhookVerificationError;
    if (!isForged) console.error("The webhook could not be handled:", error);
    response.writeHead(isForged ? 401 : 500).end(); // Carnet tries again
  }
});
server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log("Listening on", JSON.stringify(server.address()));
});
