import { capacityOf } from "../modes/issuing.ts";
import type { AllResults } from "../results.ts";
import { medianOf, ratiosOf } from "../statistics.ts";
import { lifetime } from "../workload.ts";
import { figure, whole } from "./format.ts";
import type { Goal } from "./goals.ts";
import { cpu, rates, slicesAt } from "./issuing-section.ts";

/** The chart and the five lines that open the page. */
export function summary(results: AllResults, goals: readonly Goal[]): string {
  const lines = {
    Compared: `Carnet, other OAuth servers for Node, and a "floor": a bare \`node:http\` server that signs a JWT and checks nothing. Each answers \`client_credentials\` requests with a JWT that is valid for ${lifetime} seconds.`,
    Result: headline(results),
    Machine: machine(results),
    Reproduce: "`npm ci && npm run bench`. It takes about 25 minutes ([details](#reproduce)).",
    Goals: verdict(goals),
  };
  const list = Object.entries(lines).map(([name, text]) => `- **${name}:** ${text}`);
  return [...(results.issuing ? ["![tokens per second](results/throughput.svg)"] : []), list.join("\n")].join("\n\n");
}

function headline({ issuing }: AllResults): string {
  const of = (name: string) => issuing?.results.find((result) => result.name === name);
  const [carnet, floor, provider] = [of("carnet"), of("floor"), of("oidc-provider")];
  if (!carnet || !floor || !provider) return "no run of `issuing` with Carnet, the floor and node-oidc-provider.";
  const [ours, least, theirs] = [carnet, floor, provider].map((result) => slicesAt(result));
  const ofFloor = ratiosOf(cpu(ours ?? []), cpu(least ?? [])).median;
  const times = ratiosOf(rates(ours ?? []), rates(theirs ?? [])).median;
  return `${whole(capacityOf(carnet.closed))} tokens per second and ${figure(medianOf(cpu(ours ?? [])))} µs of CPU per token. That is ${figure(ofFloor)} times the CPU of the floor, and ${figure(times)} times the throughput of node-oidc-provider.`;
}

function machine(results: AllResults): string {
  const seen = Object.values(results)[0]?.machine;
  if (seen === undefined) return "unknown.";
  return `${seen.processor}, ${seen.cpus} CPUs, ${Math.round(seen.memory / 1e9)} GB, ${seen.system}, Node ${seen.node}. The CPUs were shared with other work, so trust ratios and CPU times more than throughputs.`;
}

function verdict(goals: readonly Goal[]): string {
  if (goals.length === 0) return "not judged, because not every part is from a full run.";
  const reached = goals.filter(({ measured, reached }) => reached(measured)).length;
  return `${reached} of ${goals.length} are reached. [The table](#goals) explains the others.`;
}
