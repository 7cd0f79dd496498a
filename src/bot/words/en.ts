import { durationParts, sizeParts } from './units.ts';
import type { Words } from './words.ts';

const bytes = (count: number): string => {
  const { amount, unit } = sizeParts(count);
  return `${amount} ${unit}`;
};

const duration = (ms: number): string =>
  durationParts(ms)
    .map(({ amount, unit }) => `${amount} ${{ ms: 'ms', s: 's', min: 'min', h: 'h', d: 'd' }[unit]}`)
    .join(' ');

export const en: Words = {
  bytes,
  duration,
  states: {
    pending: 'waiting for review',
    approved: 'approved',
    queued: 'queued',
    running: 'running',
    completed: 'completed',
    failed: 'failed',
    denied: 'denied',
    expired: 'expired',
    cancelled: 'cancelled',
  },
  steps: {
    'find-pod': 'Find the pod',
    'check-jdk': 'Check for JDK tools',
    'copy-tool': 'Copy the dump tool into the container',
    'make-executable': 'Make it executable',
    'run-dump': 'Dump the heap (the application is paused)',
    transfer: 'Move the dump to OSS',
    verify: 'Verify the stored file',
    'clean-up': 'Clean up the container',
  },
  failures: {
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
      what: 'The container has no sha256sum, so nobody could prove that the dump arrived whole.',
      remedy: 'Add coreutils or busybox to the image.',
    },
    'no-writable-dir': {
      what: 'No directory in the container can hold the dump.',
      remedy: 'Mount an emptyDir, for instance on /tmp.',
    },
    'not-enough-disk': {
      what: 'There is not enough room for the dump.',
      remedy: 'Mount an emptyDir that is large enough, or free some room.',
    },
    'cannot-copy': {
      what: 'The dump tool could not be copied into the container.',
      remedy: 'Mount a writable emptyDir, for instance on /tmp.',
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
  },
  usage: {
    'empty-target': (what) =>
      what === '' ? 'Which pod? Name it as namespace/pod.' : `"${what}" is not namespace/pod.`,
    'bad-namespace': (what) =>
      `"${what}" cannot be the name of a namespace: lower-case letters, digits and - only.`,
    'bad-pod': (what) => `"${what}" cannot be the name of a pod: lower-case letters, digits, - and . only.`,
    'bad-container': (what) =>
      `"${what}" cannot be the name of a container: lower-case letters, digits and - only.`,
    'bad-cluster': (what) =>
      `"${what}" cannot be the name of a cluster: lower-case letters, digits and - only.`,
    'too-many-words': (what) => `I do not know what to do with "${what}".`,
    'unknown-option': (what) => `There is no option "${what}".`,
    'option-without-value': (what) => `"${what}" needs a value behind it.`,
    'open-quote': () => 'A quotation mark is not closed.',
    'reason-too-long': (what) => `The reason has ${what} characters; 1000 are the most.`,
    'id-missing': (what) => `${what} needs the id of a request.`,
    'bad-id': (what) => `"${what}" is not the id of a request: it has eight letters and digits.`,
  },
  moveProblems: {
    'already-decided': (id, state) => `Request ${id} is not waiting for a decision any more: it is ${state}.`,
    'already-approved-by-you': (id) => `You have approved request ${id} already.`,
    'not-running': (id, state) => `Request ${id} cannot be cancelled: it is ${state}.`,
    'not-failed': (id, state) => `Request ${id} cannot be retried: it is ${state}.`,
    'not-resumable': (id) => `Request ${id} cannot be resumed; ask for a new dump.`,
    'illegal-move': (id, state) => `That is not possible now: request ${id} is ${state}.`,
  },
  card: {
    title: (pod) => `Heap dump of ${pod}`,
    requester: 'Asked by',
    target: 'Pod',
    container: 'Container',
    jvm: 'JVM',
    reason: 'Reason',
    noReason: 'No reason given',
    heap: 'Heap in use',
    heapValue: (used, max) => (max === undefined ? used : `${used} of ${max}`),
    pause: 'Pause',
    pauseValue: (least, most) => `about ${least} to ${most}, disk decides`,
    pauseUnknown: 'seconds to minutes, by the size of the heap',
    disk: 'Disk',
    diskValue: (needed, free, dir) =>
      `${needed === undefined ? 'size unknown' : `up to ${needed}`} of ${free} free in ${dir}`,
    warning: () =>
      'The application stops answering while its heap is written. The file holds everything in memory: passwords and customer data as well.',
    memoryWarning: (used, limit) => `The container uses ${used} of its ${limit} of memory.`,
    otherJvms: (count, chosen) =>
      `${count} more Java ${count === 1 ? 'process runs' : 'processes run'} in this container; this is about pid ${chosen}.`,
    reviewers: 'Reviewers',
    waitsForReview: 'Waiting for a reviewer.',
    approvalsSoFar: (have, need) => `${have} of ${need} approvals.`,
    expires: 'Expires',
    approve: 'Approve',
    deny: 'Deny',
    cancel: 'Cancel',
    confirmTitle: 'Pause this application?',
    confirmText: (pod) => `${pod} stops answering while its heap is written.`,
    confirmYes: 'Approve',
    confirmNo: 'Not now',
    approvedBy: 'Approved by',
    noReviewNeeded: 'The rules ask for no review here.',
    deniedBy: 'Denied by',
    cancelledBy: 'Cancelled by',
    cancelRequestedBy: 'Cancel asked for by',
    expiredUndecided: 'Nobody decided in time.',
    id: (id) => `Request ${id}`,
  },
  denyForm: {
    title: 'Deny this heap dump',
    label: 'Reason (shown in the thread)',
    submit: 'Deny',
    cancel: 'Back',
  },
  progress: {
    title: (pod) => `Working on ${pod}`,
    queued: 'Waiting for a worker.',
    cancelling: 'Cancelling and cleaning up.',
    workloadBusy: 'Another dump of the same workload is running; this one follows it.',
    retrying: (attempt) => `The connection broke; attempt ${attempt} goes on where it stopped.`,
    dumping: (size) => `${size} written`,
    transfer: (sent, total, rate, left) =>
      `${sent} of ${total}${rate === undefined ? '' : `, ${rate}/s`}${left === undefined ? '' : `, ${left} left`}`,
    finishedIn: (time) => `Finished in ${time}.`,
  },
  result: {
    completedTitle: (pod) => `Heap dump of ${pod} is ready`,
    forYou: 'For',
    file: 'File',
    size: 'Size',
    sha256: 'SHA-256',
    pause: 'Pause',
    proved: 'Proved',
    proofs: {
      'jvm-success-line': 'the JVM reported success',
      'end-mark': 'end mark present',
      'hprof-walk': 'every record walked',
      size: 'sizes equal',
      sha256: 'SHA-256 equal in pod and worker',
      crc64: 'CRC-64 equal in worker and OSS',
      'part-md5': 'MD5 of each part checked by OSS',
    },
    download: 'Download',
    linkEnds: 'The link ends',
    newLink: 'New link',
    linkPrivate: 'Press New link for a link of your own.',
    openInMat: 'Open it in Eclipse Memory Analyzer: File ▸ Open Heap Dump…, then Leak Suspects.',
    failedTitle: (pod) => `Heap dump of ${pod} failed`,
    failedStep: 'At',
    retry: 'Retry',
    retryHints: {
      resume: 'Retry goes on where it stopped: no new approval, no new pause.',
      'new-approval': 'Retry asks for a new approval, since it would pause the application again.',
      none: '',
    },
    left: (count) => `${count === 1 ? 'This could' : 'These could'} not be removed from the container:`,
    cancelledTitle: (pod) => `Heap dump of ${pod} was cancelled`,
    deniedTitle: (pod) => `Heap dump of ${pod} was denied`,
    expiredTitle: (pod) => `Heap dump of ${pod}: nobody decided in time`,
    notPaused: 'The application was not touched.',
  },
  replies: {
    helpTitle: 'Heap dumps of Java pods',
    help: (command) => [
      [`${command} namespace/pod`, 'ask for a heap dump'],
      [`${command} cluster/namespace/pod -c container --reason "text"`, 'the same, with everything said'],
      [`${command} list [namespace]`, 'dumps taken so far'],
      [`${command} status id`, 'where a request stands'],
      [`${command} cancel id`, 'take it back, or stop it'],
    ],
    usageTitle: 'That did not work',
    tryLine: (line) => `Try: ${line}`,
    looking: (target, id) => `Looking at ${target} (request ${id}). The request follows here in a moment.`,
    unavailableTitle: 'Not possible right now',
    unavailable: 'The bot cannot reach its queue, so nothing was started. Try again in a minute.',
    refusedTitle: 'Not allowed',
    unknownCluster: (name, known) => `There is no cluster "${name}". There are: ${known}.`,
    clusterNeeded: (known) => `Say which cluster: cluster/namespace/pod. There are: ${known}.`,
    noRule: (target) => `No rule covers ${target}, so nobody may dump it.`,
    notListed: (rules, target) => `${rules} covers ${target}, but you are not on its list of requesters.`,
    askThese: 'May ask for it',
    noRuleRemedy: 'Whoever runs this bot can add a rule for it.',
    outsider: 'Guests, bots and people of other companies may not use this.',
    noSuchRequest: (id) => `There is no request ${id}, or it is not yours to see.`,
    notYours: 'You have no part in this request.',
    notAReviewer: 'You are not a reviewer of this request; nothing was changed.',
    ownRequest: 'Your own request needs somebody else’s decision; nothing was changed.',
    mayNotCancel: 'You may not cancel this request; nothing was changed.',
    mayNotDownload: 'You may not download this dump.',
    reviewersAre: 'Reviewers',
    cancelled: (id) => `Request ${id} is being cancelled.`,
    retryQueued: (id) => `Request ${id} goes on.`,
    repeated: (id) => `It was asked for again already: request ${id}.`,
    approvalCounted: (have, need) => `Counted: ${have} of ${need} approvals.`,
    noDumpYet: 'There is no dump to download yet.',
    listTitle: 'Heap dumps',
    listEmpty: 'No heap dumps yet.',
    linkTitle: 'Your link',
    linkRefused: 'No link could be made right now. Try again in a minute.',
  },
};
