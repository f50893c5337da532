import { Argument, type Command, type Option } from "commander";

const scripts = {
  bash: `_carnet() {
  local IFS=$'\\n'
  COMPREPLY=($(carnet complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _carnet carnet
`,
  zsh: `#compdef carnet
_carnet() {
  local -a found
  found=("\${(@f)$(carnet complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _carnet carnet
`,
  fish: `complete -c carnet -a '(carnet complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
} as const;

/** `carnet completion`: what a shell needs to complete the command's words. */
export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .description('Print a script that completes the words of carnet: eval "$(carnet completion bash)"')
    .addArgument(new Argument("<shell>").choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts) => void process.stdout.write(scripts[shell]));
  program
    .command("complete", { hidden: true })
    .description("What can stand where the last word is begun, for the shells' scripts.")
    .argument("[words...]")
    .action((words: readonly string[]) => {
      process.stdout.write(
        candidates(program, words)
          .map((word) => `${word}\n`)
          .join(""),
      );
    });
}

/** What can stand where the last word is begun. Nothing where any text can: the shell then offers files. */
export function candidates(program: Command, words: readonly string[]): readonly string[] {
  const begun = words.at(-1) ?? "";
  const { command, taking } = readWords(program, words.slice(0, -1));
  const found =
    taking !== undefined ? (taking.argChoices ?? []) : begun.startsWith("-") ? flagsOf(command) : namesOf(command);
  return found.filter((word) => word.startsWith(begun)).sort();
}

/** The command that the words name, and the flag whose value comes next. */
function readWords(program: Command, words: readonly string[]): { command: Command; taking: Option | undefined } {
  let command = program;
  let taking: Option | undefined;
  for (const word of words) {
    const option =
      taking === undefined ? command.options.find(({ short, long }) => word === short || word === long) : undefined;
    if (taking === undefined && option === undefined)
      command = command.commands.find((child) => child.name() === word) ?? command;
    taking = option?.required ? option : undefined;
  }
  return { command, taking };
}

const namesOf = (command: Command): readonly string[] => [
  ...command
    .createHelp()
    .visibleCommands(command)
    .map((child) => child.name()),
  ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
];

const flagsOf = (command: Command): readonly string[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => (long ? [long] : []));
