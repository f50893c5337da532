// Calls the API with each of CALLS, an issuer and a token, and prints the answers as JSON.
import process from "node:process";
import worker from "./worker.js";

const answers = [];
for (const [issuer, token] of JSON.parse(process.env.CALLS)) {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await worker.fetch(new Request(`https://files.test/files?issuer=${issuer}`, { headers }));
  answers.push([response.status, response.status === 200 ? await response.text() : undefined]);
}
process.stdout.write(JSON.stringify(answers));
