/** What failed, and what to do about it, in Chinese. */
import type { Words } from './words.ts';

export const zhCnFailures: Words['failures'] = {
  'pod-not-found': {
    what: '找不到这个 Pod。',
    remedy: '请用 `kubectl get pods` 核对名称；发布之后 Pod 会换新名称。',
  },
  'pod-not-running': { what: 'Pod 没有在运行。', remedy: '堆转储需要运行中的容器，请等它运行后再申请。' },
  'pod-replaced': {
    what: 'Pod 已被替换，不再是审批时的那一个。',
    remedy: '请针对新的 Pod 重新申请，需要重新审批。',
  },
  'container-not-found': {
    what: 'Pod 里没有这个容器，或无法确定选哪一个。',
    remedy: '请用 -c 指定其中一个容器。',
  },
  'container-ended': {
    what: '容器在处理过程中结束了。',
    remedy: '可能因内存超限或存活探针被杀，请看 `kubectl describe pod`，等它运行后再申请。',
  },
  'jvm-replaced': {
    what: 'JVM 已重启，不再是审批时的那一个。',
    remedy: '请重新申请，新的 JVM 需要重新审批。',
  },
  'no-jvm': { what: '容器里没有 Java 进程。', remedy: '请用 -c 指定运行 Java 的容器。' },
  'no-such-jvm': {
    what: 'Java 进程已经不在了。',
    remedy: '请看 `kubectl describe pod` 了解它为何结束，然后重新申请。',
  },
  'no-shell': {
    what: '容器里没有 shell，转储工具无法运行。',
    remedy: '请使用带 `sh` 和基本工具的镜像，或给 JVM 加上 -XX:+HeapDumpOnOutOfMemoryError。',
  },
  'no-jdk-tools': {
    what: '容器里没有 jcmd、jmap 或 jattach。',
    remedy: '请使用 JDK 镜像，或在镜像里安装小巧的 `jattach` 包（Debian、Alpine 都有）。',
  },
  'no-checksum-tool': {
    what: '容器里没有 cksum、md5sum、sha1sum 或 sha256sum，无法证明转储文件完整到达。',
    remedy: '请在镜像里加入 coreutils 或 busybox。',
  },
  'no-writable-dir': {
    what: '容器里没有可以存放转储文件的目录。',
    remedy: '请挂载一个 emptyDir，例如挂到 /tmp。',
  },
  'not-enough-disk': {
    what: '空间不足，放不下转储文件。',
    remedy: '请挂载足够大的 emptyDir，或清理一些空间；规则允许时也可以用 --no-disk。',
  },
  'cannot-copy': { what: '转储工具无法复制进容器。', remedy: '请挂载一个可写的 emptyDir，例如挂到 /tmp。' },
  'tool-vanished': {
    what: '转储工具复制到容器后又不见了。',
    remedy: '容器里有东西在清理文件：请停掉它，或在 /tmp 挂载 emptyDir，然后重试。',
  },
  'read-only-tmp': {
    what: '无法连接 JVM：它的 /tmp 是只读的。',
    remedy: '请在 /tmp 挂载 emptyDir 并重启 Pod。',
  },
  'attach-disabled': {
    what: 'JVM 禁止连接（-XX:+DisableAttachMechanism）。',
    remedy: '请去掉该参数并重启 Pod。',
  },
  'attach-denied': {
    what: 'JVM 的运行用户与 exec 的用户不同，拒绝连接。',
    remedy: '请让容器以 JVM 的用户运行。',
  },
  'attach-timeout': {
    what: 'JVM 没有及时响应连接请求。',
    remedy: '它可能卡住或被暂停，请查看日志后再试。',
  },
  'jvm-not-ready': { what: '该进程尚未开始接受连接请求。', remedy: '请等 JVM 启动完成后再申请。' },
  'disk-full': { what: '转储未写完磁盘就满了。', remedy: '请挂载足够大的 emptyDir 后重新申请。' },
  'jvm-died': {
    what: 'JVM 在转储过程中退出了。',
    remedy: '可能因内存超限或存活探针被杀，请看 `kubectl describe pod`。',
  },
  'dump-incomplete': { what: '转储文件不完整。', remedy: '请重新申请；新的转储会再次暂停应用。' },
  'dump-invalid': { what: '该文件不是完整的堆转储。', remedy: '请重新申请；新的转储会再次暂停应用。' },
  'dump-vanished': { what: '转储文件已不在容器里。', remedy: '请重新申请；新的转储会再次暂停应用。' },
  'dump-failed': { what: 'JVM 拒绝写转储文件。', remedy: '详情里有它的回答。' },
  'tool-failed': { what: '转储工具出错。', remedy: '详情里有它的输出，请交给本机器人的维护者。' },
  forbidden: {
    what: '集群不允许 worker 执行此操作。',
    remedy: 'worker 的角色在该命名空间需要 pods 的 get，以及 pods/exec 的 get 和 create 权限。',
  },
  'cluster-unreachable': { what: '无法连接集群。', remedy: '请重试；若持续如此，请告知集群维护者。' },
  'exec-broken': { what: '与容器的连接多次中断。', remedy: '请重试，会从中断处继续。' },
  'store-refused': {
    what: 'OSS 拒绝上传。',
    remedy: '请告知本机器人的维护者：bucket、endpoint 或凭证有误。',
  },
  'store-unreachable': { what: '无法连接 OSS。', remedy: '请重试，会从中断处继续。' },
  'checksum-mismatch': {
    what: '校验和不一致：到达的文件与转储的不同。',
    remedy: '请重试；会重新传输，不会再次暂停应用。',
  },
  'no-uploader': {
    what: '容器里没有 curl，无法自行上传。',
    remedy: '点“重试”即可由 worker 中转已有的转储，不会再次暂停应用。下次请加上 --via relay 申请。',
  },
  'no-route-to-store': {
    what: 'Pod 无法连接 OSS。',
    remedy:
      '点“重试”即可由 worker 中转已有的转储，不会再次暂停应用。下次请加上 --via relay 申请，或放通 Pod 到 OSS 的出口网络（网络策略、代理）。',
  },
  'no-gzip': {
    what: '容器里没有 gzip，无法在其中压缩。',
    remedy:
      '点“重试”即可不在容器里压缩而继续传输，不会再次暂停应用。下次请加上 --compress worker 或 --compress none 申请。',
  },
  'no-room-to-pack': {
    what: '容器里没有空间存放压缩后的分片，而由 Pod 自行上传时需要它。',
    remedy:
      '点“重试”即可换一种方式传输已有的转储，不会再次暂停应用。下次请先腾出空间，或加上 --via relay 申请。',
  },
  'no-pipe-dump': {
    what: '这个 JVM 不能转储到管道：JDK 8 会拒绝，JDK 25 起仍然需要磁盘。',
    remedy: '请挂载足够大的 emptyDir，然后不带 --no-disk 重新申请。',
  },
  'stream-broken': {
    what: '无磁盘转储进行到一半时连接中断：转储已丢失，应用继续运行。',
    remedy: '请重新申请；新的转储会再次暂停应用。',
  },
  'no-worker': {
    what: '该集群没有 worker 响应。',
    remedy: '请告知本机器人的维护者：该集群的 worker 没有运行。',
  },
  'cannot-post': { what: '机器人无法在该频道发消息。', remedy: '请用 `/invite` 邀请它，然后重新申请。' },
  'worker-lost': { what: 'worker 在处理时多次退出。', remedy: '请告知本机器人的维护者。' },
  'bad-job': { what: '机器人与 worker 版本不一致。', remedy: '请告知本机器人的维护者：两者须为同一版本。' },
  internal: { what: '机器人内部出错。', remedy: '请把申请编号告知本机器人的维护者。' },
};
