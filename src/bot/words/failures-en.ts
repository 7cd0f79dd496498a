/** What failed, and what to do about it. */
import type { Words } from './words.ts';

export const enFailures: Words['failures'] = {
  'pod-not-found': {
    what: 'There is no such pod.',
    remedy: 'Check the name with `kubectl get pods`; after a rollout pods have new names.',
  },
  'pod-not-running': {
    what: 'The pod is not running.',
    remedy: 'A heap dump needs a running container. Ask again once it runs.',
  },
  'pod-replaced': {
    what: 'The pod is not the one that was approved: it was replaced since.',
    remedy: 'Ask for the new pod; it needs an approval of its own.',
  },
  'container-not-found': {
    what: 'The pod has no such container, or none could be chosen.',
    remedy: 'Name one of its containers with -c.',
  },
  'container-ended': {
    what: 'The container ended in the middle of the work.',
    remedy:
      'It may have been killed for memory or by a liveness probe: see `kubectl describe pod`. Ask again once it runs.',
  },
  'jvm-replaced': {
    what: 'The JVM is not the one that was approved: it was restarted since.',
    remedy: 'Ask again; the new JVM needs an approval of its own.',
  },
  'no-jvm': {
    what: 'No Java process was found in the container.',
    remedy: 'Name the container that runs Java with -c.',
  },
  'no-such-jvm': {
    what: 'The Java process is gone.',
    remedy: 'See `kubectl describe pod` for why it ended, then ask again.',
  },
  'no-shell': {
    what: 'The container has no shell, so the dump tool cannot run in it.',
    remedy:
      'Use an image with `sh` and the basic tools, or start the JVM with -XX:+HeapDumpOnOutOfMemoryError.',
  },
  'no-jdk-tools': {
    what: 'The container has none of jcmd, jmap and jattach.',
    remedy: 'Use a JDK image, or add the small `jattach` package (Debian, Alpine) to the image.',
  },
  'no-checksum-tool': {
    what: 'The container has none of cksum, md5sum, sha1sum and sha256sum, so nobody could prove that the dump arrived whole.',
    remedy: 'Add coreutils or busybox to the image.',
  },
  'no-writable-dir': {
    what: 'No directory in the container can hold the dump.',
    remedy: 'Mount an emptyDir, for instance on /tmp.',
  },
  'not-enough-disk': {
    what: 'There is not enough room for the dump.',
    remedy:
      'Mount an emptyDir that is large enough, or free some room. Where the rule allows it, --no-disk does without.',
  },
  'cannot-copy': {
    what: 'The dump tool could not be copied into the container.',
    remedy: 'Mount a writable emptyDir, for instance on /tmp.',
  },
  'tool-vanished': {
    what: 'The dump tool vanished from the container after it was copied.',
    remedy: 'Something there removes files; stop it, or mount an emptyDir on /tmp. Then try again.',
  },
  'read-only-tmp': {
    what: 'The JVM cannot be attached to: its /tmp is read-only.',
    remedy: 'Mount an emptyDir on /tmp and restart the pod.',
  },
  'attach-disabled': {
    what: 'The JVM forbids attaching (-XX:+DisableAttachMechanism).',
    remedy: 'Remove that flag and restart the pod.',
  },
  'attach-denied': {
    what: 'The JVM runs as another user than the one that exec gets, and refuses it.',
    remedy: 'Run the container as the user of the JVM.',
  },
  'attach-timeout': {
    what: 'The JVM did not answer the attach request in time.',
    remedy: 'It may hang or be stopped; look at its logs, then try again.',
  },
  'jvm-not-ready': {
    what: 'The process does not listen for attach requests yet.',
    remedy: 'Wait until the JVM has started, then ask again.',
  },
  'disk-full': {
    what: 'The disk was full before the dump was complete.',
    remedy: 'Mount an emptyDir that is large enough, then ask again.',
  },
  'jvm-died': {
    what: 'The JVM died during the dump.',
    remedy: 'It may have been killed for memory or by a liveness probe: see `kubectl describe pod`.',
  },
  'dump-incomplete': {
    what: 'The dump is incomplete.',
    remedy: 'Ask again; a new dump pauses the application again.',
  },
  'dump-invalid': {
    what: 'The file is not a whole heap dump.',
    remedy: 'Ask again; a new dump pauses the application again.',
  },
  'dump-vanished': {
    what: 'The dump is no longer in the container.',
    remedy: 'Ask again; a new dump pauses the application again.',
  },
  'dump-failed': {
    what: 'The JVM refused to write the dump.',
    remedy: 'The details say what it answered.',
  },
  'tool-failed': {
    what: 'The dump tool failed.',
    remedy: 'The details say what it printed; give them to whoever runs this bot.',
  },
  forbidden: {
    what: 'The cluster does not let the worker do this.',
    remedy: 'The worker’s role needs get on pods, and get and create on pods/exec, in that namespace.',
  },
  'cluster-unreachable': {
    what: 'The cluster could not be reached.',
    remedy: 'Try again; if it lasts, tell whoever runs the cluster.',
  },
  'exec-broken': {
    what: 'The connection into the container broke again and again.',
    remedy: 'Try again; it goes on where it stopped.',
  },
  'store-refused': {
    what: 'OSS refused the upload.',
    remedy: 'Tell whoever runs this bot: bucket, endpoint or credentials are wrong.',
  },
  'store-unreachable': {
    what: 'OSS could not be reached.',
    remedy: 'Try again; it goes on where it stopped.',
  },
  'checksum-mismatch': {
    what: 'What arrived is not what was dumped: the checksums differ.',
    remedy: 'Try again; the transfer starts anew, the application is not paused again.',
  },
  'no-uploader': {
    what: 'The container has no curl, so it cannot upload by itself.',
    remedy:
      'Retry moves the dump that is there through the worker, without a new pause. Next time ask with --via relay.',
  },
  'no-route-to-store': {
    what: 'The pod cannot reach OSS.',
    remedy:
      'Retry moves the dump that is there through the worker, without a new pause. Next time ask with --via relay, or let the pod reach OSS (egress, network policy, proxy).',
  },
  'no-gzip': {
    what: 'The container has no gzip, so it cannot compress the dump.',
    remedy:
      'Retry moves the dump that is there without it, and without a new pause. Next time ask with --compress worker or --compress none.',
  },
  'no-room-to-pack': {
    what: 'The container has no room for a packed piece of the dump, which a pod that uploads by itself needs.',
    remedy:
      'Retry moves the dump that is there in another way, without a new pause. Next time free some room, or ask with --via relay.',
  },
  'no-pipe-dump': {
    what: 'This JVM cannot dump into a pipe: JDK 8 refuses it, and from JDK 25 on it needs the disk anyway.',
    remedy: 'Mount an emptyDir that is large enough, then ask without --no-disk.',
  },
  'stream-broken': {
    what: 'The connection broke in the middle of a dump without disk: the dump is lost, the application goes on.',
    remedy: 'Ask again; a new dump pauses the application again.',
  },
  'no-worker': {
    what: 'No worker answered for this cluster.',
    remedy: 'Tell whoever runs this bot: the worker of that cluster is not running.',
  },
  'cannot-post': {
    what: 'The bot cannot post in this channel.',
    remedy: 'Invite it with `/invite`, then ask again.',
  },
  'worker-lost': {
    what: 'The worker died too often while it worked on this.',
    remedy: 'Tell whoever runs this bot.',
  },
  'bad-job': {
    what: 'Bot and worker do not understand each other.',
    remedy: 'Tell whoever runs this bot: both must be of the same version.',
  },
  internal: {
    what: 'Something went wrong inside this bot.',
    remedy: 'Tell whoever runs it, with the id of the request.',
  },
};
