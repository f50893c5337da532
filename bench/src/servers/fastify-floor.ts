import Fastify from "fastify";
import { answerBody } from "./floor-answer.ts";
import { port } from "./port.ts";

/** The floor with Carnet's HTTP library: the same signature behind one Fastify route, and nothing else. */

const app = Fastify({ logger: false });
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
app.post("/oauth2/token", async (request, reply) => {
  String(request.body);
  return reply.header("Content-Type", "application/json").send(answerBody());
});
await app.listen({ port, host: "127.0.0.1" });
