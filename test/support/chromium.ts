import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";
import workspace from "../../package.json" with { type: "json" };

/**
 * A real Chromium, brought by npm with the libraries and the font that it needs, so that the tests ask nothing of the
 * machine. npm has it for Linux on x64; elsewhere the installed Chrome is used.
 */
export async function launchChromium(): Promise<Browser> {
  // No name resolves, so nothing leaves the machine whatever a page asks for
  const args = ["--disable-gpu", "--no-pings", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];
  if (process.platform !== "linux" || process.arch !== "x64") return chromium.launch({ channel: "chrome", args });
  const folder = await unpackedChromium();
  return chromium.launch({
    executablePath: join(folder, "chromium"),
    args,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      LD_LIBRARY_PATH: join(folder, "al2023", "lib"),
      FONTCONFIG_FILE: join(folder, fontSettings),
    },
  });
}

const fontSettings = "carnet-fonts.conf";

/** Unpacked once an install, beside it. Another process that does the same at the same time takes nothing from this one. */
async function unpackedChromium(): Promise<string> {
  const cache = fileURLToPath(new URL("../../node_modules/.cache", import.meta.url));
  const unpacked = join(cache, `chromium-${workspace.devDependencies["@sparticuz/chromium"]}`);
  if (existsSync(unpacked)) return unpacked;
  await mkdir(cache, { recursive: true });
  const making = await mkdtemp(`${unpacked}-`);
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL("unpack-chromium.ts", import.meta.url))], {
    env: { PATH: process.env.PATH ?? "", TMPDIR: making, AWS_LAMBDA_JS_RUNTIME: "nodejs22.x" },
  });
  // The package's own settings name folders that only its usual host has, and without any font the browser crashes
  const fonts = `<fontconfig><dir>${join(unpacked, "fonts")}</dir><cachedir>${join(unpacked, "font-cache")}</cachedir></fontconfig>`;
  await writeFile(join(making, fontSettings), fonts);
  await rename(making, unpacked).catch(async (error: unknown) => {
    await rm(making, { recursive: true });
    if (!existsSync(unpacked)) throw error;
  });
  return unpacked;
}
