import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";
import workspace from "../../package.json" with { type: "json" };

/**
 * Starts Chromium from an npm package that includes its libraries and a font, so that the tests need nothing else from
 * the machine. The package supports only Linux on x64. Elsewhere the installed Chrome is used.
 */
export async function launchChromium(): Promise<Browser> {
  // No host name resolves, so no request of a page leaves the machine
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

/** Unpacks Chromium once per installation. Safe when several processes do so at the same time. */
async function unpackedChromium(): Promise<string> {
  const cache = fileURLToPath(new URL("../../node_modules/.cache", import.meta.url));
  const unpacked = join(cache, `chromium-${workspace.devDependencies["@sparticuz/chromium"]}`);
  if (existsSync(unpacked)) return unpacked;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(`${unpacked}-`);
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL("unpack-chromium.ts", import.meta.url))], {
    env: { PATH: process.env.PATH ?? "", TMPDIR: draft, AWS_LAMBDA_JS_RUNTIME: "nodejs22.x" },
  });
  // The font settings of the package name folders of AWS Lambda, and the browser crashes without a font
  const fonts = `<fontconfig><dir>${join(unpacked, "fonts")}</dir><cachedir>${join(unpacked, "font-cache")}</cachedir></fontconfig>`;
  await writeFile(join(draft, fontSettings), fonts);
  await rename(draft, unpacked).catch(async (error: unknown) => {
    await rm(draft, { recursive: true });
    if (!existsSync(unpacked)) throw error;
  });
  return unpacked;
}
