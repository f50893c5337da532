import { createGuard } from "@carnet/guard";
import { protect } from "@carnet/guard/express";
import express from "express";

const issuer = process.env["ISSUER"] ?? "http://localhost:8080";
const guard = createGuard({ issuer, audience: process.env["AUDIENCE"] ?? issuer });

const api = express();
api.get("/files", protect(guard, { scopes: ["file:read"] }), (request, response) => {
  response.json({ files: [], readBy: request.token?.clientId });
});
const server = api.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log("Listening on", JSON.stringify(server.address()));
});
