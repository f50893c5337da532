// Uses sdk.fetch in a client generated from an OpenAPI document, here with openapi-fetch. Any client that accepts a
// `fetch` function works. Reads CARNET_SERVER_URL, CARNET_CLIENT_ID and CARNET_CLIENT_SECRET.
import { SDK } from "@carnet/sdk";
import createClient from "openapi-fetch";

/** Types as openapi-typescript generates them, reduced to one operation. */
interface Paths {
  "/health/live": { get: { responses: { 200: { content: { "application/json": { status: string } } } } } };
}

await using sdk = new SDK();
const baseUrl = process.env["CARNET_SERVER_URL"] ?? "http://localhost:8080";
const client = createClient<Paths>({ baseUrl, fetch: sdk.fetch });
const { data, response } = await client.GET("/health/live");
console.log(response.status, data?.status);
