// Hands sdk.fetch to a client that is generated from an OpenAPI document, here openapi-fetch; any client that takes a
// `fetch` will do. Reads CARNET_SERVER_URL, CARNET_CLIENT_ID and CARNET_CLIENT_SECRET.
import { SDK } from "@carnet/sdk";
import createClient from "openapi-fetch";

/** What openapi-typescript writes of an API, cut down to one operation. */
interface Paths {
  "/health/live": { get: { responses: { 200: { content: { "application/json": { status: string } } } } } };
}

await using sdk = new SDK();
const baseUrl = process.env["CARNET_SERVER_URL"] ?? "http://127.0.0.1:8080";
const client = createClient<Paths>({ baseUrl, fetch: sdk.fetch });
const { data, response } = await client.GET("/health/live");
console.log(response.status, data?.status);
