// Calls the API with each token of TOKENS and prints the answers as JSON.
import process from "node:process";
import worker from "./worker.js";

const { ISSUER, TOKENS } = process.env;
const answers = [];
for (const token of JSON.parse(TOKENS)) {
  const request = new Request("https://files.test/files", { headers: { Authorization: `Bearer ${token}` } });
  const response = await worker.fetch(request, { ISSUER });
  answers.push([response.status, response.status === 200 ? await response.text() : undefined]);
}
process.stdout.write(JSON.stringify(answers));
