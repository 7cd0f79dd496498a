/** A container with `curl` on its PATH, and one without, on a machine of either kind. */
import { dirname } from 'node:path';
import { POD_PATH } from './system-tools.ts';

const MOUNT_PATH = '/opt/curl';

/** To be merged into a container's spec. */
interface PodCurl {
  path: string;
  mounts: { hostPath: string; mountPath: string }[];
  hidden: string[];
}

/** @param curl path of the curl of the tools: the machine's own, which a container has as well, or one to be mounted */
export function podWithCurl(curl: string): PodCurl {
  const folder = dirname(curl);
  if (POD_PATH.split(':').includes(folder)) return { path: POD_PATH, mounts: [], hidden: [] };
  return {
    path: `${MOUNT_PATH}/bin:${POD_PATH}`,
    mounts: [{ hostPath: dirname(folder), mountPath: MOUNT_PATH }],
    hidden: [],
  };
}

export function podWithoutCurl(): PodCurl {
  const hidden = POD_PATH.split(':').map((folder) => `${folder}/curl`);
  return { path: POD_PATH, mounts: [], hidden };
}
