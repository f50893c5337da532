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

/** `carnet completion` prints a shell script, which calls the hidden `carnet complete`. */
export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .description('Print a shell completion script: eval "$(carnet completion bash)"')
    .addArgument(new Argument("<shell>").choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts) => void process.stdout.write(scripts[shell]));
  program
    .command("complete", { hidden: true })
    .description("Print completions for the last word. Used by the completion scripts.")
    .argument("[words...]")
    .action((words: readonly string[]) => {
      process.stdout.write(
        candidates(program, words)
          .map((word) => `${word}\n`)
          .join(""),
      );
    });
}

/** The completions of the last word. None if any text is allowed; the shell then offers files. */
export function candidates(program: Command, words: readonly string[]): readonly string[] {
  const prefix = words.at(-1) ?? "";
  const { command, pendingOption } = readWords(program, words.slice(0, -1));
  const found =
    pendingOption !== undefined
      ? (pendingOption.argChoices ?? [])
      : prefix.startsWith("-")
        ? flagsOf(command)
        : namesOf(command);
  return found.filter((word) => word.startsWith(prefix)).sort();
}

/** The command that the words name, and the flag that expects the next word as its value. */
function readWords(
  program: Command,
  words: readonly string[],
): { command: Command; pendingOption: Option | undefined } {
  let command = program;
  let pendingOption: Option | undefined;
  for (const word of words) {
    const option =
      pendingOption === undefined
        ? command.options.find(({ short, long }) => word === short || word === long)
        : undefined;
    if (pendingOption === undefined && option === undefined)
      command = command.commands.find((child) => child.name() === word) ?? command;
    pendingOption = option?.required ? option : undefined;
  }
  return { command, pendingOption };
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
