import { audience, client, lifetime, scope } from "../work.ts";

/** What stands on the page beside the figures. */
export const howTo = {
  opening: `The same work for all: a \`client_credentials\` request with the secret in the body and two scopes, answered by a
JWT that is good for ${lifetime} seconds, over kept-alive HTTP/1.1. What is measured is one process on one machine, with the load
generator beside it; figures of other machines differ. Ratios hold better, but
not well: on this machine, which is shared, those of ours against the floor moved by up to twenty points between runs of a day. Of several runs of a part, the one is
published in which the floor was quickest, since it was disturbed least, so parts can be of different runs.`,

  method: `- Each contender is a process of its own, started by the Node that comes with the repository, with its output in a file and
  \`NODE_ENV=production\` for all but ours, which does not look at it. Nothing is pinned to a CPU.
- The load generator is another process, written on bare sockets so that it costs little beside what it measures. The
  open loop sends each request when it is due by a schedule that waits for nobody, and counts its latency from then, so that there is no
  coordinated omission; it does not sleep while a request is near and so keeps one CPU busy.
- All contenders run at once and take turns of a second, round after round (A B C A B C …). Figures are medians of the
  rounds, in brackets the quarter and three-quarter marks; ratios are taken within each round, so that what disturbs a round
  disturbs both sides.
- CPU is user and system time of all processes and threads of a contender from \`/proc/PID/stat\`, "main thread" that of
  its first thread from \`/proc/PID/task/PID/schedstat\`; memory is the resident set. Latencies are HDR histograms.
- **Ours is one process of two threads under load**: the second one signs, where requests crowd and there is another
  processor for it. The floors sign on their only thread, so ours can come out ahead of them by throughput while it takes more
  CPU; "of the floor by CPU" leaves that advantage out, and suggests what to expect on one processor.
- Start to first token is from the start of the process until a token has arrived, asked for every two milliseconds.
- The capacity of an open loop is taken anew before each of its turns, in half a second. It varies as the machine does, so
  rows of different shares cannot be compared.
- Ours runs from its TypeScript here. The first process after a change has no compiled code kept yet, and its second thread
  loads what strips the types: it takes some thirty megabytes more under load than later ones.
- "The floor under Fastify" shows what an HTTP library adds; token requests of ours do not go through one.
- **The machine of these figures was shared**: two virtual CPUs, with other work on them the whole time. So throughputs
  and latencies, above all the high percentiles and those of the open loop, tell as much of that other work as of the
  contenders; look at the CPU times and at their ratios. "Of the floor by main thread" is what the throughput would be
  of the floor's if each thread had a CPU of its own, since the main thread is what each of them runs out of first.`,

  reproduce: `## Reproduce

\`\`\`sh
npm ci && npm run bench                      # everything, about twenty minutes; installs what it needs in bench/
npm run bench -- issuing refusals            # some of it
npm run bench -- --scale quick --output ../quick   # a few minutes, beside the published results
npm run bench -- issuing --baseline ../before --only carnet,floor --output ../change   # against another checkout
npm run bench -- --help
\`\`\`

Nothing else should run on the machine. Results are in [results](results), one file a mode. A contender is a file in
\`src/contenders\` (and its process in \`src/servers\`), a mode one in \`src/modes\`: both have a list in \`all.ts\`.

### Peers that do not come from npm

\`--peer name=url\` measures any token endpoint that runs on this machine, with the PID after a comma to measure its
CPU and memory as well. They are asked for the client and scopes below; \`BENCH_CLIENT_ID\`, \`BENCH_CLIENT_SECRET\` and
\`BENCH_PEER_SCOPE\` set others, \`BENCH_PEER_AUDIENCE=1\` adds \`audience=${audience}\`. No figures of these two are published here, since none were measured.

**Ory Hydra**, with JWTs, in memory, ES256 (\`hydra create jwks hydra.jwt.access-token --alg ES256\` before the first token):

\`\`\`sh
DSN=memory STRATEGIES_ACCESS_TOKEN=jwt TTL_ACCESS_TOKEN=${lifetime}s OAUTH2_HASHERS_ALGORITHM=pbkdf2 \\
  URLS_SELF_ISSUER=http://127.0.0.1:4444 hydra serve all --dev &
hydra create jwks hydra.jwt.access-token --alg ES256 --endpoint http://127.0.0.1:4445
curl -X POST http://127.0.0.1:4445/admin/clients -H 'Content-Type: application/json' -d '{"client_id":"${client.id}",
  "client_secret":"${client.secret}","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_post",
  "scope":"${scope}"}'
npm run bench -- issuing --peer "hydra=http://127.0.0.1:4444/oauth2/token,$(pgrep -x hydra)"
\`\`\`

**Keycloak**, with a realm \`bench\` whose signature algorithm is ES256 and whose access tokens live ${lifetime} seconds, a
confidential client \`${client.id}\` with service accounts on and the secret \`${client.secret}\`, and two optional client scopes
\`file:read\` and \`file:write\`:

\`\`\`sh
kc.sh start-dev --http-host 127.0.0.1 --http-port 8081 --log-level warn
npm run bench -- issuing --peer "keycloak=http://127.0.0.1:8081/realms/bench/protocol/openid-connect/token,$(pgrep -f quarkus-run)"
\`\`\``,
} as const;
