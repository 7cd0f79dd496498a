import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ClusterSetupError } from '../pod-spec.ts';
import type { ContainerPlan } from './runtime.ts';

/**
 * Builds a container's root as pid 1 of fresh namespaces, then becomes the command. Arguments: the root directory,
 * quadruples of operation, source, target and options up to '--', 'ro' or 'rw', and the command's argv.
 * Mounts live in the container's mount namespace alone, so they vanish with its last process.
 */
export const BUILD_ROOT = `set -e
container_path=$PATH
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=$1; shift
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
  target=$root$3
  case $1 in
    tree) mount --rbind "$2" "$target"; mount -o remount,bind,ro "$target" ;;
    bind) mount --bind "$2" "$target" ;;
    device) : > "$target"; mount --bind "$2" "$target" ;;
    folder) mkdir -p "$target" ;;
    link) ln -s "$2" "$target" ;;
    tmpfs) mount -t tmpfs -o "$4" tmpfs "$target" ;;
    proc) mount -t proc proc "$target" ;;
  esac
  shift 4
done
mode=$2; shift 2
cd "$root"
pivot_root . .
umount -l -n .
cd /
[ "$mode" = rw ] || mount -o remount,bind,ro /
PATH=$container_path
unset PWD OLDPWD container_path
exec "$@"
`;

/** Of this machine, as an image would bring them; what is a symlink here becomes one there. */
const IMAGE_PATHS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc', '/opt'];
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

export interface RootFileSystem {
  dir: string;
  /** Arguments of BUILD_ROOT, without the command. */
  buildArgs: string[];
  /** Shown as /sys/fs/cgroup, in the layout of cgroup version 2. */
  cgroupDir: string;
  /** Mount path to host directory, longest mount path first, for what is a plain directory of this machine. */
  hostDirs: { mountPath: string; hostPath: string }[];
}

/** Makes the directories that the mounts need. Nothing is mounted here. */
export const prepareRoot = (plan: ContainerPlan): RootFileSystem => {
  const dir = join(plan.dir, 'root');
  const cgroupDir = join(plan.dir, 'cgroup');
  const operations: string[][] = [];
  const inRoot = (path: string) => join(dir, path);
  for (const path of ['', '/proc', '/sys/fs/cgroup', '/dev', '/run', '/var', '/home']) {
    mkdirSync(inRoot(path), { recursive: true });
  }
  for (const path of ['/tmp', '/var/tmp']) mkdirWithMode(inRoot(path), 0o1777);
  mkdirWithMode(inRoot('/root'), 0o700);
  const mountPaths = [
    ...(plan.spec.emptyDirs ?? []),
    ...(plan.spec.memoryDirs ?? []).map(({ path }) => path),
    ...(plan.spec.mounts ?? []).map(({ mountPath }) => mountPath),
  ];
  for (const path of IMAGE_PATHS) operations.push(...imagePath(path, dir, mountPaths));
  operations.push(['proc', 'proc', '/proc', '']);
  operations.push(['tmpfs', 'tmpfs', '/dev', 'mode=755,size=64k']);
  for (const device of DEVICES) operations.push(['device', `/dev/${device}`, `/dev/${device}`, '']);
  operations.push(['link', '/proc/self/fd', '/dev/fd', '']);
  ['stdin', 'stdout', 'stderr'].forEach((name, fd) => {
    operations.push(['link', `/proc/self/fd/${fd}`, `/dev/${name}`, '']);
  });
  operations.push(['folder', '', '/dev/shm', ''], ['tmpfs', 'tmpfs', '/dev/shm', 'mode=1777,size=64m']);

  mkdirSync(cgroupDir, { recursive: true });
  writeFileSync(join(cgroupDir, 'memory.max'), `${plan.spec.memoryLimitBytes ?? 'max'}\n`);
  writeFileSync(join(cgroupDir, 'memory.current'), '0\n');
  operations.push(['tree', cgroupDir, '/sys/fs/cgroup', '']);

  const hostDirs: RootFileSystem['hostDirs'] = [];
  (plan.spec.emptyDirs ?? []).forEach((mountPath, index) => {
    const hostPath = plan.emptyDirs[index] ?? '';
    mkdirSync(inRoot(mountPath), { recursive: true });
    operations.push(['bind', hostPath, mountPath, '']);
    hostDirs.push({ mountPath, hostPath });
  });
  for (const { path, sizeBytes } of plan.spec.memoryDirs ?? []) {
    mkdirSync(inRoot(path), { recursive: true });
    operations.push(['tmpfs', 'tmpfs', path, `mode=1777,size=${sizeBytes}`]);
  }
  for (const { hostPath, mountPath } of plan.spec.mounts ?? []) {
    makeMountPoint(hostPath, inRoot(mountPath));
    operations.push(['tree', hostPath, mountPath, '']);
    hostDirs.push({ mountPath, hostPath });
  }
  const nothing = join(plan.dir, 'nothing');
  mkdirSync(nothing);
  writeFileSync(join(plan.dir, 'nothing-file'), '', { mode: 0o444 });
  for (const path of plan.spec.hidden ?? []) {
    if (!existsSync(path)) continue;
    operations.push(['tree', statSync(path).isDirectory() ? nothing : `${nothing}-file`, path, '']);
  }
  hostDirs.sort((a, b) => b.mountPath.length - a.mountPath.length);
  const mode = plan.spec.readOnlyRoot === true ? 'ro' : 'rw';
  return { dir, cgroupDir, hostDirs, buildArgs: [dir, ...operations.flat(), '--', mode] };
};

/**
 * Operations that show a path of this machine read-only. A folder that has to hold a mount point is made anew and
 * filled piece by piece, as nothing can be added to this machine's own.
 */
const imagePath = (path: string, root: string, mountPaths: string[]): string[][] => {
  if (!existsSync(path)) return [];
  const target = join(root, path);
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) {
    symlinkSync(readlinkSync(path), target);
    return [];
  }
  if (mountPaths.includes(path)) return [];
  if (stats.isDirectory()) mkdirSync(target, { recursive: true });
  else writeFileSync(target, '');
  if (!mountPaths.some((mountPath) => mountPath.startsWith(`${path}/`))) return [['tree', path, path, '']];
  return readdirSync(path).flatMap((name) => imagePath(join(path, name), root, mountPaths));
};

/** mkdir's own mode is cut by the umask. */
const mkdirWithMode = (path: string, mode: number): void => {
  const before = process.umask(0);
  try {
    mkdirSync(path, { recursive: true, mode });
  } finally {
    process.umask(before);
  }
};

const makeMountPoint = (source: string, target: string): void => {
  if (!existsSync(source)) throw new ClusterSetupError('bad-spec', `Nothing to mount at ${source}`);
  if (existsSync(target)) return;
  if (statSync(source).isDirectory()) {
    mkdirSync(target, { recursive: true });
    return;
  }
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, '');
};
