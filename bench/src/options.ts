import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { contenders, peersOnRequest } from "./contenders/all.ts";
import { carnetBefore } from "./contenders/carnet.ts";
import type { Contender } from "./contenders/contender.ts";
import { externalPeer } from "./contenders/external-peer.ts";
import { type ModeName, modes } from "./modes/all.ts";
import { type ScaleName, scales } from "./scale.ts";

/** The parsed command line. */
export interface Options {
  readonly modes: readonly ModeName[];
  readonly scale: ScaleName;
  readonly contenders: readonly Contender[];
  /** Carnet's worker processes in the mode `recording`. */
  readonly workers: number | undefined;
  /** The folder for the results and the page. */
  readonly output: string | undefined;
  /** Only write the page again, from the stored results. */
  readonly pageOnly: boolean;
}

export const usage = `npm run bench -- [mode …] [options]

Modes (default: all):
${Object.values(modes)
  .map(({ name, about }) => `  ${name.padEnd(12)}${about}`)
  .join("\n")}

Options:
  --scale <name>     ${Object.keys(scales).join(", ")} (default: full)
  --only <names>     contenders, comma-separated: ${contenders.map(({ name }) => name).join(",")}
  --with <names>     peers that need Go or Java, comma-separated: ${peersOnRequest.map(({ name }) => name).join(",")}
  --peer name=url    a token endpoint that is running on this machine; repeatable; url,PID also measures CPU and memory
  --baseline <path>  another checkout of Carnet, measured as "Carnet before"
  --workers <count>  Carnet's worker processes in the mode recording (default: one process without a supervisor)
  --output <folder>  the folder for the results and the page (default: bench)
  --page             only write the page again, from the stored results
`;

/** Parses the command line. Errors name the value and what is accepted. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      scale: { type: "string", default: "full" },
      only: { type: "string" },
      with: { type: "string" },
      peer: { type: "string", multiple: true, default: [] },
      baseline: { type: "string" },
      workers: { type: "string" },
      output: { type: "string" },
      page: { type: "boolean", default: false },
    },
  });
  if (values.output !== undefined && existsSync(values.output) && !statSync(values.output).isDirectory())
    throw new Error(`--output cannot be ${JSON.stringify(values.output)}, because it is a file. Give a folder`);
  if (values.baseline !== undefined && !existsSync(join(values.baseline, "packages/server/package.json")))
    throw new Error(`--baseline cannot be ${JSON.stringify(values.baseline)}, because it is not a checkout of Carnet`);
  if (values.workers !== undefined && !/^[1-9]\d?$/.test(values.workers))
    throw new Error(`--workers cannot be ${JSON.stringify(values.workers)}. Give a number from 1 to 99`);
  const chosen = values.only?.split(",").map((name) => oneOf("contender", contenders.map(nameOf), name));
  const requested = values.with?.split(",").map((name) => oneOf("peer", peersOnRequest.map(nameOf), name)) ?? [];
  const all = [
    ...contenders.filter(({ name }) => chosen === undefined || chosen.includes(name)),
    ...(values.baseline === undefined ? [] : [carnetBefore(values.baseline)]),
    ...peersOnRequest.filter(({ name }) => requested.includes(name)),
    ...values.peer.map(externalPeer),
  ];
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) < index);
  if (twice !== undefined) throw new Error(`there is another contender ${JSON.stringify(twice.name)}. Rename the peer`);
  return {
    modes: positionals.length === 0 ? modeNames : positionals.map((name) => oneOf("mode", modeNames, name)),
    scale: oneOf("scale", Object.keys(scales) as ScaleName[], values.scale),
    contenders: all,
    workers: values.workers === undefined ? undefined : Number(values.workers),
    output: values.output,
    pageOnly: values.page,
  };
}

const modeNames = Object.keys(modes) as ModeName[];
const nameOf = ({ name }: Contender): string => name;

function oneOf<Name extends string>(what: string, names: readonly Name[], seen: string): Name {
  const found = names.find((name) => name === seen);
  if (found === undefined) throw new Error(`there is no ${what} ${JSON.stringify(seen)}. Use ${names.join(", ")}`);
  return found;
}
