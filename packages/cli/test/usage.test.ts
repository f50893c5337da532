import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { version } from "@carnet/server/version";
import { runCarnet } from "@carnet/testkit/carnet-process";
import { buildProgram } from "carnet/program";
import { runCommand } from "./support/command-runner.ts";

suite("the carnet command line", () => {
  test("each command prints its help on standard output and exits 0", async () => {
    const expected: readonly (readonly [args: readonly string[], said: RegExp])[] = [
      [["--help"], /Commands:.*dev .*serve .*token .*client /s],
      [["dev", "--help"], /^Usage: carnet dev \[options\]\n\nRun the token service on this machine/],
      [["serve", "--help"], /--issuer <url>.*required\s+for\s+carnet\s+serve/s],
      [["token", "--help"], /--secret-stdin.*--region <name>.*"us", "eu", "apac"/s],
      [["client", "--help"], /create .*list .*show /s],
      [["client", "create", "--help"], /--allow-ip <blocks>.*repeatable\s+\(default:\s+any\).*--admin-file <path>/s],
      [["client", "list", "--help"], /--limit <number>.*--cursor <cursor>.*--json/s],
      [["secret", "--help"], /add .*list .*rotate .*revoke .*import /s],
      [["admin", "reset", "--help"], /opens the store directly.*--store <url>/s],
      [["completion", "--help"], /eval "\$\(carnet completion\s+bash\)"/],
      [["client", "show", "--help"], /show \[options\] <client-id>/],
      [["help", "serve"], /^Usage: carnet serve/],
      [["help", "client", "create"], /^Usage: carnet client create \[options\]\n/],
      [["client", "help", "create"], /^Usage: carnet client create \[options\]\n/],
      [["help", "client"], /^Usage: carnet client \[options\] \[command\]\n/],
      [["help", "client", "show", "demo"], /^Usage: carnet client show \[options\] <client-id>\n/],
      [["help"], /^Usage: carnet \[options\] \[command\]\n/],
    ];
    const run = async ([args, said]: (typeof expected)[number]): Promise<void> => {
      const { code, stdout, stderr } = await runCommand(args);
      assert.match(stdout, said, args.join(" "));
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, args.join(" "));
    };
    await Promise.all(expected.map(run));
  });

  test("no command has an option without a description", async () => {
    const commands = [await buildProgram()];
    for (const command of commands) {
      commands.push(...command.commands);
      assert.notEqual(command.description(), "", command.name());
      for (const option of command.options)
        assert.notEqual(option.description, "", `${command.name()} ${option.flags}`);
    }
    assert.ok(commands.length > 25, String(commands.length));
  });

  test("--version and -V print only the version", async () => {
    for (const flag of ["--version", "-V"]) {
      assert.deepEqual(await runCarnet([flag]), { code: 0, signal: null, stdout: `${version}\n`, stderr: "" });
    }
  });

  test("a usage error exits 2, says what is wrong and where help is, and prints nothing on standard output", async () => {
    const wrong: readonly (readonly [args: readonly string[], said: RegExp])[] = [
      [[], /Usage: carnet \[options\] \[command\]/],
      [["client"], /Usage: carnet client/],
      [["serv"], /unknown command 'serv'\n\(Did you mean serve\?\)/],
      [["help", "clent"], /unknown command 'clent'\n\(Did you mean client\?\)/],
      [["help", "client", "creat"], /unknown command 'creat'\n\(Did you mean create\?\)/],
      [["client", "creat"], /unknown command 'creat'\n\(Did you mean create\?\)/],
      [["dev", "--prot", "1"], /unknown option '--prot'\n\(Did you mean --port\?\)/],
      [["dev", "extra"], /too many arguments/],
      [["serve", "--port"], /option '--port <number>' argument missing/],
      [["client", "show"], /missing required argument 'client-id'/],
      [["client", "create", "x1"], /too many arguments\. To choose the id, use --client-id <id>\.\n/],
      [
        ["client", "create", "--scope", "file:read", "file:write"],
        /too many arguments\. Repeat a flag for each of its/,
      ],
      [
        ["client", "create", "--allow-ip", "10.0.0.1", "10.0.0.2"],
        /too many arguments\. Repeat a flag for each of its/,
      ],
      [
        ["client", "create", "--scope-policy", "lose"],
        /--scope-policy.*Allowed choices are narrow, strict, ignore\.\n/,
      ],
      [
        ["client", "change", "a", "--auth-method", "x"],
        /Allowed choices are client_secret_basic, client_secret_post\.\n/,
      ],
      [["client", "create", "--expires-at", "2999-02-30"], /--expires-at.*It must be a date or a time, such as 2027/],
      [["client", "create", "--allow-ip", "10.0.0.0/33"], /--allow-ip.*an address block is written like 203/],
      [["client", "list", "--sort", "size"], /--sort.*Allowed choices are client_id, -client_id, /],
      [["secret", "add", "a", "--not-before", "soon"], /--not-before.*It must be a date or a time/],
      [["secret", "rotate", "a", "--end-old-at", "soon"], /--end-old-at.*It must be a date or a time/],
      [["admin", "reset", "--server-url", "localhost:8080"], /--server-url.*It must be a URL that starts with http/],
      [["dev", "--port", "eighty"], /The flag --port has an invalid value: "eighty"\. Accepted: a whole number/],
      ...["1e3", "", "0", "1001", "٣"].map(
        (limit) =>
          [["client", "list", "--limit", limit], /--limit.*It must be a whole number from 1 to 1000\./s] as const,
      ),
      ...["1e3", "0", "86401", "0x10", " 1", "25h", "1.5h", "500ms"].map(
        (ttl) =>
          [
            ["client", "create", "--token-ttl", ttl],
            /--token-ttl.*It must be a duration from 1s to 1d, such as .*a number alone is in seconds\./s,
          ] as const,
      ),
      [
        ["client", "list", "--ending-within", "12h"],
        /--ending-within.*It must be a duration from 0d to 9999d.*days\./s,
      ],
      [["client", "list", "--status", "on"], /--status.*Allowed choices are active, disabled/s],
      [
        ["client", "create", "--label", "x"],
        /option '--label <name=value>' has an invalid value\. It must have the form name=value\./,
      ],
      [["client", "create", "--label", "=x"], /option '--label <name=value>' has an invalid value\./],
      [["client", "delete"], /missing required argument 'client-id'/],
      [["secret", "revoke", "a"], /missing required argument 'secret-id'/],
      [["secret", "import"], /required option '-f, --file <path>' not specified/],
      [["apply"], /required option '-f, --file <path>' not specified/],
      [["export"], /required option '--owner <name>' not specified/],
      [["scope", "put", "a"], /missing required argument 'description'/],
      [["admin", "rest"], /unknown command 'rest'\n\(Did you mean reset\?\)/],
      [["token", "--region", "mars"], /--region.*Allowed choices are us, eu, apac/s],
      [
        ["token", "--region", "us", "--server-url", "http://127.0.0.1:1"],
        /'--server-url <url>' cannot be used with option '--region <name>'/,
      ],
    ];
    const run = async ([args, said]: (typeof wrong)[number]): Promise<void> => {
      const { code, stdout, stderr } = await runCommand(args);
      assert.match(stderr, said, args.join(" "));
      assert.match(stderr, /--help/, args.join(" "));
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" }, args.join(" "));
    };
    await Promise.all(wrong.map(run));
  });

  const secret = "carnet_ek3gvcfwi11wz8xs_H9glQZNL3RewA0vTsk692RgCvywluKJDwbvmmA2Tf1u_4UW35N";
  const misplaced: readonly (readonly string[])[] = [
    ["client", "list", `-p${secret}`],
    ["client", "list", "-phunter2"],
    ["client", "list", `--pass=it's ${secret}`],
    ["client", secret],
    [secret],
    ["help", secret],
    ["token", "--region", secret],
    ["client", "create", "--token-ttl", secret],
    ["client", "list", "--admin-client-id", secret],
  ];
  for (const words of misplaced) {
    test(`a secret in the wrong place is not shown: carnet ${words.join(" ").replace(secret, "SECRET")}`, async () => {
      for (const args of [words, [...words, "--json"]]) {
        const { code, stdout, stderr } = await runCommand(args);
        assert.notEqual(code, 0);
        assert.doesNotMatch(stdout + stderr, /H9glQZNL3|hunter2/);
      }
    });
  }
});
