import { Argument, type Command } from "commander";

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
  compadd -a found
}
compdef _carnet carnet
`,
  fish: `complete -c carnet -f -a '(carnet complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
} as const;

/** \`carnet completion\`: what a shell needs to complete the command's words. */
export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .description('Print a script that completes the words of carnet: eval "$(carnet completion bash)"')
    .addArgument(new Argument("<shell>").choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts) => void process.stdout.write(scripts[shell]));
  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .action(
      (words: readonly string[]) =>
        void process.stdout.write(
          candidates(program, words)
            .map((word) => `${word}\n`)
            .join(""),
        ),
    );
}

/** What can stand where the last word is begun. */
export function candidates(program: Command, words: readonly string[]): readonly string[] {
  const begun = words.at(-1) ?? "";
  let command = program;
  for (const word of words.slice(0, -1)) command = command.commands.find((child) => child.name() === word) ?? command;
  const names = command
    .createHelp()
    .visibleCommands(command)
    .map((child) => child.name());
  const flags = command
    .createHelp()
    .visibleOptions(command)
    .flatMap((option) => (option.long ? [option.long] : []));
  return (begun.startsWith("-") ? flags : names).filter((word) => word.startsWith(begun)).sort();
}
