import type { Command, OptionSpecs } from "./command.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;

/** Undefined for a shell we do not know. */
export function completionScript(shell: string, commands: readonly Command[]): string | undefined {
  if (shell === "bash") return bash(commands);
  // zsh reads bash's completions.
  if (shell === "zsh")
    return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
  return shell === "fish" ? fish(commands) : undefined;
}

function bash(commands: readonly Command[]): string {
  const cases = (words: 1 | 2): string =>
    commands
      .filter(({ name }) => name.split(" ").length === words)
      .map(({ name, options }) => `    ${quoted(name)}) flags="${flagsOf(options)}" ;;`)
      .join("\n");
  const groups = [...groupsOf(commands)].map(([group, names]) => `    ${group}) words="${names.join(" ")}" ;;`);
  const choices = choicesOf(commands).map(
    ([flag, values]) => `    ${flag}) COMPREPLY=($(compgen -W "${values.join(" ")}" -- "$current")); return ;;`,
  );
  return `_anytopic() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local first="\${COMP_WORDS[1]}" second="\${COMP_WORDS[2]}" words="" flags=""
  case "$previous" in
    --config|--declarations) COMPREPLY=($(compgen -f -- "$current")); return ;;
${choices.join("\n")}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${topLevel(commands).join(" ")} --help --version" -- "$current")); return
  fi
  if [ "$COMP_CWORD" -eq 2 ]; then
    case "$first" in
${groups.join("\n")}
    completion) words="${SHELLS.join(" ")}" ;;
    esac
  fi
  case "$first $second" in
${cases(2)}
  esac
  if [ -z "$flags" ]; then
    case "$first" in
${cases(1)}
    esac
  fi
  COMPREPLY=($(compgen -W "$words $flags" -- "$current"))
}
complete -o default -F _anytopic anytopic`;
}

function fish(commands: readonly Command[]): string {
  const lines = ["complete -c anytopic -f"];
  const describe = (summary: string): string => quoted(summary);
  for (const name of topLevel(commands)) {
    const summary = commands.find((command) => command.name === name)?.summary ?? "";
    lines.push(`complete -c anytopic -n __fish_use_subcommand -a ${name} -d ${describe(summary)}`);
  }
  for (const { name, summary, options } of commands) {
    const [first = "", second] = name.split(" ");
    const seen =
      second === undefined
        ? `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
    if (second !== undefined) {
      lines.push(`complete -c anytopic -n '__fish_seen_subcommand_from ${first}' -a ${second} -d ${describe(summary)}`);
    }
    for (const [flag, spec] of Object.entries({ ...GLOBAL_OPTIONS, ...options })) {
      const files = flag === "config" || flag === "declarations" ? " -r -F" : spec.type === "string" ? " -x" : "";
      const values = spec.choices === undefined ? "" : ` -a '${spec.choices.join(" ")}'`;
      lines.push(`complete -c anytopic -n '${seen}' -l ${flag}${files}${values} -d ${describe(spec.description)}`);
    }
  }
  lines.push(`complete -c anytopic -n '__fish_seen_subcommand_from completion' -a '${SHELLS.join(" ")}'`);
  return lines.join("\n");
}

function topLevel(commands: readonly Command[]): readonly string[] {
  return [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? ""))];
}

function groupsOf(commands: readonly Command[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { name } of commands) {
    const [first = "", second] = name.split(" ");
    if (second !== undefined) groups.set(first, [...(groups.get(first) ?? []), second]);
  }
  return groups;
}

function choicesOf(commands: readonly Command[]): readonly (readonly [string, readonly string[]])[] {
  const all = new Map<string, Set<string>>();
  for (const { options } of commands) {
    for (const [flag, { choices = [] }] of Object.entries(options)) {
      for (const choice of choices) all.set(flag, (all.get(flag) ?? new Set()).add(choice));
    }
  }
  return [...all].map(([flag, values]) => [`--${flag}`, [...values]] as const);
}

function flagsOf(options: OptionSpecs): string {
  return Object.keys({ ...options, ...GLOBAL_OPTIONS })
    .map((flag) => `--${flag}`)
    .join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
