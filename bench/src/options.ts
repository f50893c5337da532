import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { contenders } from "./contenders/all.ts";
import { carnetBefore } from "./contenders/carnet.ts";
import type { Contender } from "./contenders/contender.ts";
import { externalPeer } from "./contenders/external-peer.ts";
import { type ModeName, modes } from "./modes/all.ts";
import { type ScaleName, scales } from "./scale.ts";

/** What was asked for on the command line. */
export interface Options {
  readonly modes: readonly ModeName[];
  readonly scale: ScaleName;
  readonly contenders: readonly Contender[];
  /** Where results and the page go. */
  readonly output: string | undefined;
  /** Only write the page anew from the results that are there. */
  readonly pageOnly: boolean;
}

export const usage = `npm run bench -- [mode …] [options]

Modes (all of them unless some are named):
${Object.values(modes)
  .map(({ name, about }) => `  ${name.padEnd(12)}${about}`)
  .join("\n")}

Options:
  --scale <name>     ${Object.keys(scales).join(", ")} (full unless given)
  --only <names>     contenders, separated by commas: ${contenders.map(({ name }) => name).join(",")}
  --peer name=url    a token endpoint that runs on this machine already; can be given again; url,PID to measure it whole
  --baseline <path>  another checkout of Carnet, measured as "Carnet before"
  --output <folder>  where results and the page go (bench unless given)
  --page             only write the page anew from the results that are there
`;

/** Reads the command line. Throws with what was seen and what is accepted. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      scale: { type: "string", default: "full" },
      only: { type: "string" },
      peer: { type: "string", multiple: true, default: [] },
      baseline: { type: "string" },
      output: { type: "string" },
      page: { type: "boolean", default: false },
    },
  });
  if (values.output !== undefined && existsSync(values.output) && !statSync(values.output).isDirectory())
    throw new Error(`--output cannot be ${JSON.stringify(values.output)}: it is a file, and a folder is needed`);
  if (values.baseline !== undefined && !existsSync(join(values.baseline, "packages/server/package.json")))
    throw new Error(`--baseline cannot be ${JSON.stringify(values.baseline)}: there is no checkout of Carnet`);
  const chosen = values.only?.split(",").map((name) => oneOf("contender", contenders.map(nameOf), name));
  return {
    modes: positionals.length === 0 ? modeNames : positionals.map((name) => oneOf("mode", modeNames, name)),
    scale: oneOf("scale", Object.keys(scales) as ScaleName[], values.scale),
    contenders: [
      ...contenders.filter(({ name }) => chosen === undefined || chosen.includes(name)),
      ...(values.baseline === undefined ? [] : [carnetBefore(values.baseline)]),
      ...values.peer.map(externalPeer),
    ],
    output: values.output,
    pageOnly: values.page,
  };
}

const modeNames = Object.keys(modes) as ModeName[];
const nameOf = ({ name }: Contender): string => name;

function oneOf<Name extends string>(what: string, names: readonly Name[], seen: string): Name {
  const found = names.find((name) => name === seen);
  if (found === undefined) throw new Error(`there is no ${what} ${JSON.stringify(seen)}: use ${names.join(", ")}`);
  return found;
}
