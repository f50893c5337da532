import { chownSync, cpSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Stage } from "./dockerfile.ts";

const isRoot = process.getuid?.() === 0;

/**
 * Mounts a root folder read-only, with the libraries and Node that the base image has, and one folder that can be
 * written to. Then it runs the command in there, as the user of the image: as root of a machine by its number, otherwise
 * as the user who runs the tests.
 */
const script = `
root=$1 node=$2 data=$3 user=$4; shift 4
mount --bind "$root" "$root"
for folder in /lib /lib64 /usr/lib /proc /dev; do
  [ ! -d $folder ] || mount --rbind $folder "$root$folder"
done
mount --bind "$node" "$root/nodejs/bin/node"
mount --bind "$data" "$root/var/lib/carnet"
mount -o remount,bind,ro "$root"
exec chroot $user "$root" "$@"
`;

/** Makes the folders that the base image has, and the volume as Docker makes it: like the folder in the image. */
export function prepareRoot({ folder }: Stage, volume: string): void {
  for (const name of ["lib", "lib64", "usr/lib", "proc", "dev", "nodejs/bin"])
    if (name.includes("/") || statSync(`/${name}`, { throwIfNoEntry: false }))
      mkdirSync(join(folder, name), { recursive: true });
  cpSync("/dev/null", join(folder, "nodejs/bin/node"), { recursive: true, force: true });
  const like = statSync(join(folder, "var/lib/carnet"));
  mkdirSync(volume, { mode: like.mode & 0o7777 });
  if (isRoot) chownSync(volume, like.uid, like.gid);
}

/** The command that runs another one in a container made of plain folders. */
export const contained = (
  { folder, user }: Stage,
  volume: string,
  command: readonly string[],
): readonly [string, ...string[]] => [
  ...(["unshare", "--mount", ...(isRoot ? [] : ["--map-root-user"])] as [string, ...string[]]),
  ...["sh", "-euc", script, "contained", folder, process.execPath, volume],
  isRoot ? `--userspec=${user}` : "--skip-chdir",
  ...command,
];
