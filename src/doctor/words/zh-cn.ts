import type { DoctorWords } from './words.ts';

export const zhCn: DoctorWords = {
  healthy: '{ok} 项正常，{warnings} 项需留意：可以使用。',
  unhealthy: '{failed} 项失败，{warnings} 项需留意，{ok} 项正常。',
  findings: {
    'config-ok': ['{file} 对该角色有效：{role}'],
    'config-problem': ['{file}：{problem}', '请改正；每个键的说明见 heapdump.example.yaml。'],
    'config-no-rules': [
      '没有任何规则：谁都不能申请转储。',
      '请添加 rules：谁可以申请、适用哪些命名空间、由谁审批。',
    ],
    'config-no-chat': ['没有配置聊天平台：没有人能申请转储。', '请添加 chat.slack 或 chat.dingtalk。'],
    'config-rule-nowhere': [
      '规则 {rule} 不适用于任何集群。',
      '请在规则的 clusters 中写上其中之一，或去掉 clusters：{clusters}',
    ],
    'config-tool-missing': [
      'tools/ 中没有转储工具 {tool}。',
      '请把它放进去，或改正 worker.dumpTool 或 JMAP_DUMP_TOOL_NAME。',
    ],
    'config-unknown-cluster': ['--cluster {cluster}：配置中没有这个集群', '可用：{allowed}'],
    'redis-reached': ['{product}，位于 {server}'],
    'redis-unreachable': [
      '连接不上 Redis（{server}）：{reason}',
      '请检查 redis.url、网络策略，以及是否需要 TLS（rediss://）。',
    ],
    'redis-login-refused': [
      'Redis（{server}）拒绝登录：{reason}',
      '请检查 redis.url 中的用户名和密码：redis://user:password@host:6379。',
    ],
    'redis-too-old': ['{server} 的 Redis {version} 版本过低。', '请使用 Redis 6.2 或更高版本，或 Valkey。'],
    'redis-keeps-all': ['Redis 不会淘汰数据（noeviction）。'],
    'redis-evicts': [
      'Redis 内存不足时会丢弃数据：maxmemory-policy 是 {policy}。',
      '请设为 maxmemory-policy noeviction：申请、审批和审计记录都在里面。',
    ],
    'redis-appends': ['Redis 把所有写入记入 AOF 文件。'],
    'redis-not-persistent': [
      'Redis 重启后会丢失数据：appendonly 未开启。',
      '请设为 appendonly yes：申请、审批和审计记录都在里面。',
    ],
    'redis-append-failing': ['Redis 最近一次写 AOF 文件失败：{status}', '请清理其磁盘空间，并查看其日志。'],
    'redis-setting-hidden': [
      '该 Redis 不提供 {setting}（托管服务常禁止查询）。',
      '请在其控制台确认：应为 {wanted} 或更好。',
    ],
    'redis-commands': ['Redis 接受写入、脚本、Stream 和发布。'],
    'redis-command-refused': [
      'Redis 拒绝了必需的命令：{reason}',
      '请连接主节点，并使用带 +@read +@write +@scripting +@connection +@blocking +@transaction +info 且可访问 heapdump:* 和 bull:* 的 ACL。',
    ],
    'redis-clock': [
      'Redis 与本机的时钟相差 {seconds} 秒。',
      '请让两者都与 NTP 同步：申请和链接的时间以此为准。',
    ],
    'slack-token': ['Slack 接受 bot token：{team} 中的 {bot}'],
    'slack-token-refused': [
      'Slack 拒绝 chat.slack.botToken：{error}',
      '请把应用安装到工作区，并复制其 Bot User OAuth Token（xoxb-…）。',
    ],
    'slack-unreachable': ['Slack 没有应答（{method}）：{reason}', '请允许本机访问 slack.com 的 443 端口。'],
    'slack-scopes': [
      'token 具备所需的全部权限，包括 commands。Slack 不提供命令列表：请输入一次 {command} help 来确认。',
    ],
    'slack-scope-missing': [
      'token 缺少权限：{scopes}',
      '请在 OAuth & Permissions 中添加（或使用 deploy/slack-manifest.yaml），然后重新安装应用。',
    ],
    'slack-history-missing': [
      '缺少 {scopes}：应答丢失后，机器人可能重复发言。',
      '请在 OAuth & Permissions 中添加，然后重新安装应用。',
    ],
    'slack-scopes-hidden': [
      '应答中没有列出 token 的权限。',
      '请在 OAuth & Permissions 中确认与 deploy/slack-manifest.yaml 一致。',
    ],
    'slack-socket': ['Slack 允许应用以 Socket Mode 连接。'],
    'slack-socket-refused': [
      'Slack 拒绝 Socket Mode：{error}',
      '请开启 Socket Mode，并把 chat.slack.appToken 设为带 connections:write 的应用级 token（xapp-…）。',
    ],
    'slack-secret-shape': ['签名密钥的格式正确；收到 Slack 的第一个请求时即可验证。'],
    'slack-secret-odd': [
      'chat.slack.signingSecret 的格式不对。',
      '请从 Basic Information 复制：32 个字符，只含 0-9 和 a-f。',
    ],
    'dingtalk-token': ['钉钉接受应用的凭据。'],
    'dingtalk-token-refused': [
      '钉钉拒绝应用的凭据：{error}',
      '请把 chat.dingtalk.clientId 和 clientSecret 设为应用的 Client ID 和 Client Secret。',
    ],
    'dingtalk-unreachable': ['钉钉没有应答：{reason}', '请允许本机访问 api.dingtalk.com 的 443 端口。'],
    'dingtalk-stream': ['钉钉允许应用以 Stream 模式连接。'],
    'dingtalk-stream-refused': [
      '钉钉拒绝 Stream 模式：{error}',
      '请把应用的机器人设为 Stream 模式，并发布一个版本。',
    ],
    'cluster-config': [
      '{cluster}：{reason}',
      '请检查配置中该集群的 kubeconfig 和 context；inCluster 只能在 Pod 内使用。',
    ],
    'cluster-reached': ['{cluster}：{server} 有应答。'],
    'cluster-unreachable': [
      '{cluster}：无法使用 {server}：{reason}',
      '请检查 kubeconfig 中的地址和证书，以及网络策略。',
    ],
    'cluster-login-refused': [
      '{cluster}：{server} 不认可我们的身份：{reason}',
      '请更新 kubeconfig 中的 token 或证书，或挂载服务账号的 token。',
    ],
    'cluster-rights': ['{cluster}/{namespace}：所需权限齐全'],
    'cluster-rights-everywhere': ['{cluster}：在所有命名空间都有所需权限'],
    'cluster-right-missing': [
      '{cluster}/{namespace}：缺少权限：{rights}',
      '请在该命名空间把 deploy/kubernetes.yaml 中的 Role 绑定给 worker。',
    ],
    'cluster-right-optional': [
      '{cluster}/{namespace}：缺少可选权限：{rights}',
      '有了它才能提示可选的名称；deploy/kubernetes.yaml 的 Role 中有。',
    ],
    'cluster-namespaces-open': [
      '{cluster}：规则没有写明可供检查的命名空间，只有通配：{patterns}',
      '请指定：--namespace 名称。',
    ],
    'cluster-exec': ['{cluster}/{namespace}：exec 可以到达 API server。'],
    'cluster-exec-refused': [
      '{cluster}/{namespace}：exec 被禁止：{reason}',
      '请授予 pods/exec 的 get 和 create；若都已授予，则是准入 webhook 或代理禁止了它。',
    ],
    'cluster-exec-blocked': [
      '{cluster}/{namespace}：exec 无法通过：{reason}',
      '请让 API server 前面的代理和负载均衡放行 WebSocket 升级。',
    ],
    'cluster-exec-proved': ['{cluster}/{namespace}/{pod}：命令已通过 {protocol} 执行。'],
    'store-reached': ['OSS 有应答：{host}'],
    'store-unreachable': [
      'OSS 没有应答（{host}）：{reason}',
      '请检查 endpoint 和 region；内网 endpoint 只能从阿里云内部访问。',
    ],
    'store-upload': ['{bucket}：分片上传可以开始、列出、完成和中止。'],
    'store-read': ['写入的内容可以原样读回。'],
    'store-part-url': ['单个分片的预签名 URL 可用：{host}'],
    'store-part-url-failed': [
      '从本机无法使用单个分片的预签名 URL（{host}）：{reason}',
      '如果 Pod 也访问不了，请设置 store.podEndpoint；在此之前转储经 worker 中转。',
    ],
    'store-encrypted': ['存储的对象已加密：{how}'],
    'store-not-encrypted': [
      '存储的对象没有按要求加密：要求 {wanted}，实际 {how}。',
      '请检查 Bucket 的加密规则；使用 KMS 时还要检查密钥的权限。',
    ],
    'store-encryption-off': [
      '存储的对象没有加密；堆转储包含内存中的全部机密。',
      '请设置 store.serverSideEncryption: AES256 或 KMS，或为 Bucket 开启默认加密。',
    ],
    'store-link': ['下载链接可用：{host}'],
    'store-no-credentials': [
      '没有凭据：{reason}',
      '请设置 store.{credentials}：一个 AccessKey，或由其他程序定期更新的文件。',
    ],
    'store-no-bucket': [
      '这里没有名为 {bucket} 的 Bucket。',
      '请检查 store.bucket，并确认 endpoint 和 region 属于该 Bucket。',
    ],
    'store-key-refused': [
      'OSS 不接受 store.{credentials} 的 AccessKey：{reason}',
      '请检查其 ID，确认它已启用、token 没有过期。',
    ],
    'store-secret-wrong': [
      'store.{credentials} 的 Secret 不正确。',
      '请复制同一个 AccessKey 的 ID 和 Secret。',
    ],
    'store-clock-skewed': ['OSS 拒绝请求：本机时钟偏差超过 15 分钟。', '请与 NTP 同步。'],
    'store-region-wrong': [
      'OSS 拒绝签名中的地域：{reason}',
      '请把 store.region 设为该 Bucket 的地域，如 cn-hangzhou。',
    ],
    'store-endpoint-forbidden': [
      'OSS 不允许通过公网 endpoint 访问 {bucket}。',
      '请为 Bucket 绑定自有域名，把 store.publicEndpoint 设为它，并设置 publicCname: true。',
    ],
    'store-right-missing': [
      'store.{credentials} 缺少权限：{right}',
      '请为该 RAM 用户或角色授予 Bucket {bucket} 的 {right}。OSS 的应答：{reason}',
    ],
    'store-right-optional': [
      'store.{credentials} 缺少可选权限：{right}',
      '有了它才能删除经检查不是转储的对象。',
    ],
    'store-probe-left': ['检查用的对象留在了 Bucket 中：{key}', '可以随时删除。'],
    'store-refused': ['OSS 拒绝了 store.{credentials} 的 {right}：{reason}', '请在 OSS 文档中查找该应答。'],
    'check-timed-out': [
      '对 {what} 的检查没有在 {seconds} 秒内结束。',
      '有东西接受了连接却不应答：多半是防火墙或代理。',
    ],
    'check-broke': ['对 {what} 的检查出错：{reason}', '如果看不出原因，请附上这一行反馈。'],
  },
};
