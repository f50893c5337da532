import { audience, client, lifetime, scope } from "../workload.ts";

/** The prose of the page. */
export const howTo = {
  method: `- **Work**: a \`client_credentials\` request with the secret in the body and two scopes, over keep-alive HTTP/1.1. The
  response is a JWT that is valid for ${lifetime} seconds.
- **Processes**: each contender is one process, started with the repository's Node and \`NODE_ENV=production\` (which Carnet
  ignores). Its output goes to a file. Nothing is pinned to a CPU.
- **Threads**: under load Carnet signs on a second thread if there is a second CPU. The floors sign on their only thread, so
  Carnet can have more throughput than a floor although it uses more CPU. "Of the floor by CPU" removes this advantage
  and shows what to expect on one CPU.
- **Load generator**: a separate process on bare sockets, so that it uses little CPU. The open loop follows a fixed schedule
  and counts latency from when a request was due, so there is no coordinated omission. It busy-waits for near requests,
  which keeps one CPU busy.
- **Rounds**: all contenders run at the same time and are measured in alternating slices of a second (A B C A B C …).
  Figures are medians over the rounds with quartiles in brackets. Ratios are taken within each round, so that
  disturbances affect both sides.
- **Units**: CPU is the user and system time of all threads from \`/proc/PID/stat\`. "Main thread" is the first thread's time
  from \`/proc/PID/task/PID/schedstat\`. Memory is the resident set. Latencies come from HDR histograms.
- **Start** is from the start of the process to the first token, polled every two milliseconds.
- **Capacity** for the open loop is measured for half a second before each slice. It drifts with the machine, so do not
  compare rows of different shares.
- **Compile cache**: Carnet runs from its TypeScript here. The first process after a change has no compile cache and uses
  about 30 MB more under load.
- **Fastify**: the floor under Fastify shows what an HTTP library costs. Carnet's token requests do not use one.
- **Noise**: the machine had two virtual CPUs shared with other work. Throughputs and latencies, above all high percentiles
  and the open loop, depend on that work. Prefer CPU times and ratios, although ratios to the floor moved by up to
  twenty points between runs of one day. "Of the floor by main thread" estimates the throughput relative to the floor if
  each thread had its own CPU.
- **Choice of runs**: of several runs of a part, the published one is the run in which the floor was fastest, because it was
  disturbed least. Parts can come from different runs.`,

  reproduce: `## Reproduce

\`\`\`sh
npm ci && npm run bench                      # everything, about twenty minutes; installs its dependencies in bench/
npm run bench -- issuing refusals            # only these modes
npm run bench -- --scale quick --output ../quick   # a few minutes; keeps the published results
npm run bench -- issuing --baseline ../before --only carnet,floor --output ../change   # compare with another checkout
npm run bench -- --page                      # only write this page again
npm run bench -- --help
\`\`\`

Stop other work on the machine first. Results are in [results](results), one file per mode. To add a contender, add a file in
\`src/contenders\` (and its process in \`src/servers\`). To add a mode, add a file in \`src/modes\`. Both have a list in \`all.ts\`.

### Peers that are not on npm

\`--peer name=url\` measures any token endpoint on this machine. Add a comma and the PID to measure its CPU and memory too.
The requests use the client and scopes below. \`BENCH_CLIENT_ID\`, \`BENCH_CLIENT_SECRET\` and \`BENCH_PEER_SCOPE\` change
them, and \`BENCH_PEER_AUDIENCE=1\` adds \`audience=${audience}\`. There are no published figures for these two peers.

**Ory Hydra** with JWTs, in memory, ES256 (\`hydra create jwks hydra.jwt.access-token --alg ES256\` before the first token):

\`\`\`sh
DSN=memory STRATEGIES_ACCESS_TOKEN=jwt TTL_ACCESS_TOKEN=${lifetime}s OAUTH2_HASHERS_ALGORITHM=pbkdf2 \\
  URLS_SELF_ISSUER=http://127.0.0.1:4444 hydra serve all --dev &
hydra create jwks hydra.jwt.access-token --alg ES256 --endpoint http://127.0.0.1:4445
curl -X POST http://127.0.0.1:4445/admin/clients -H 'Content-Type: application/json' -d '{"client_id":"${client.id}",
  "client_secret":"${client.secret}","grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_post",
  "scope":"${scope}"}'
npm run bench -- issuing --peer "hydra=http://127.0.0.1:4444/oauth2/token,$(pgrep -x hydra)"
\`\`\`

**Keycloak** with a realm \`bench\` (ES256, access tokens valid for ${lifetime} seconds), a confidential client \`${client.id}\` with
service accounts enabled and the secret \`${client.secret}\`, and the optional client scopes \`file:read\` and \`file:write\`:

\`\`\`sh
kc.sh start-dev --http-host 127.0.0.1 --http-port 8081 --log-level warn
npm run bench -- issuing --peer "keycloak=http://127.0.0.1:8081/realms/bench/protocol/openid-connect/token,$(pgrep -f quarkus-run)"
\`\`\``,
} as const;
