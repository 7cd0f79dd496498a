import type { DoctorWords } from './words.ts';

export const en: DoctorWords = {
  healthy: '{ok} fine, {warnings} to look at: ready.',
  unhealthy: '{failed} failed, {warnings} to look at, {ok} fine.',
  findings: {
    'config-ok': ['{file} is valid for this role: {role}'],
    'config-problem': ['{file}: {problem}', 'Correct it; heapdump.example.yaml explains every key.'],
    'config-no-rules': [
      'There is no rule: nobody may ask for a dump.',
      'Add rules: who may ask, for which namespaces, and who reviews.',
    ],
    'config-no-chat': ['No chat platform: nobody can ask for a dump.', 'Add chat.slack or chat.dingtalk.'],
    'config-rule-nowhere': [
      'Rule {rule} covers none of the clusters.',
      'Name one of them in the rule’s clusters, or leave clusters out: {clusters}',
    ],
    'config-tool-missing': [
      'There is no dump tool {tool} in tools/.',
      'Put it there, or correct worker.dumpTool or JMAP_DUMP_TOOL_NAME.',
    ],
    'config-unknown-cluster': ['--cluster {cluster}: no such cluster in the config', 'Allowed: {allowed}'],
    'redis-reached': ['{product} at {server}'],
    'redis-unreachable': [
      'No answer from Redis at {server}: {reason}',
      'Check redis.url, the network policy and whether TLS is wanted (rediss://).',
    ],
    'redis-login-refused': [
      'Redis at {server} refuses the login: {reason}',
      'Check user and password in redis.url: redis://user:password@host:6379.',
    ],
    'redis-too-old': ['Redis {version} at {server} is too old.', 'Use Redis 6.2 or newer, or Valkey.'],
    'redis-keeps-all': ['Redis evicts nothing (noeviction).'],
    'redis-evicts': [
      'Redis throws keys away when memory is short: maxmemory-policy is {policy}.',
      'Set maxmemory-policy noeviction: requests, decisions and the audit record are in there.',
    ],
    'redis-appends': ['Redis writes everything to its append-only file.'],
    'redis-not-persistent': [
      'Redis forgets at a restart: appendonly is off.',
      'Set appendonly yes: requests, decisions and the audit record are in there.',
    ],
    'redis-append-failing': [
      'The last write to Redis’s append-only file failed: {status}',
      'Make room on its disk, and look at its log.',
    ],
    'redis-setting-hidden': [
      'This Redis does not tell {setting} (managed ones often forbid it).',
      'See in its console that it is {wanted} or better.',
    ],
    'redis-commands': ['Redis takes writes, scripts, streams and publications.'],
    'redis-command-refused': [
      'Redis refuses a command that is needed: {reason}',
      'Use the primary, and an ACL with +@read +@write +@scripting +@connection +@blocking +@transaction +info and access to heapdump:* and bull:*.',
    ],
    'redis-clock': [
      'The clocks of Redis and this machine are {seconds} s apart.',
      'Have both follow NTP: times of requests and links depend on it.',
    ],
    'slack-token': ['Slack takes the bot token: {bot} in {team}'],
    'slack-token-refused': [
      'Slack refuses chat.slack.botToken: {error}',
      'Install the app in the workspace and copy its Bot User OAuth Token (xoxb-…).',
    ],
    'slack-unreachable': [
      'No answer from Slack ({method}): {reason}',
      'Allow this machine to reach slack.com on port 443.',
    ],
    'slack-scopes': [
      'The token has every scope it needs, commands too. Slack tells nobody which commands there are: type {command} help once.',
    ],
    'slack-scope-missing': [
      'The token lacks scopes: {scopes}',
      'Add them under OAuth & Permissions (or take deploy/slack-manifest.yaml) and reinstall the app.',
    ],
    'slack-history-missing': [
      'Without {scopes} the bot may say something twice after a lost answer.',
      'Add them under OAuth & Permissions and reinstall the app.',
    ],
    'slack-scopes-hidden': [
      'The answer does not name the token’s scopes.',
      'See under OAuth & Permissions that they are those of deploy/slack-manifest.yaml.',
    ],
    'slack-socket': ['Slack gives the app a place in Socket Mode.'],
    'slack-socket-refused': [
      'Slack refuses Socket Mode: {error}',
      'Switch Socket Mode on, and set chat.slack.appToken to an app-level token (xapp-…) with connections:write.',
    ],
    'slack-secret-shape': ['The signing secret has the shape of one; the first request of Slack proves it.'],
    'slack-secret-odd': [
      'chat.slack.signingSecret does not look like one.',
      'Copy it from Basic Information: 32 characters of 0-9 and a-f.',
    ],
    'dingtalk-token': ['DingTalk takes the app’s credentials.'],
    'dingtalk-token-refused': [
      'DingTalk refuses the app’s credentials: {error}',
      'Set chat.dingtalk.clientId and clientSecret to the app’s Client ID and Client Secret.',
    ],
    'dingtalk-unreachable': [
      'No answer from DingTalk: {reason}',
      'Allow this machine to reach api.dingtalk.com on port 443.',
    ],
    'dingtalk-stream': ['DingTalk gives the app a place in Stream mode.'],
    'dingtalk-stream-refused': [
      'DingTalk refuses Stream mode: {error}',
      'Set the app’s robot to Stream mode and publish a version.',
    ],
    'cluster-config': [
      '{cluster}: {reason}',
      'Check kubeconfig and context of this cluster in the config; inCluster works in a pod only.',
    ],
    'cluster-reached': ['{cluster}: {server} answers.'],
    'cluster-unreachable': [
      '{cluster}: no use of {server}: {reason}',
      'Check address and certificate in the kubeconfig, and the network policy.',
    ],
    'cluster-login-refused': [
      '{cluster}: {server} does not know us: {reason}',
      'Renew the token or certificate of the kubeconfig, or mount the service account’s token.',
    ],
    'cluster-rights': ['{cluster}/{namespace}: every right that is needed'],
    'cluster-rights-everywhere': ['{cluster}: every right that is needed, in all namespaces'],
    'cluster-right-missing': [
      '{cluster}/{namespace}: not allowed: {rights}',
      'Bind the Role of deploy/kubernetes.yaml to the worker in this namespace.',
    ],
    'cluster-right-optional': [
      '{cluster}/{namespace}: works without: {rights}',
      'With it people are offered names; it is in the Role of deploy/kubernetes.yaml.',
    ],
    'cluster-namespaces-open': [
      '{cluster}: the rules name no namespace to try, only patterns: {patterns}',
      'Name some: --namespace NAME.',
    ],
    'cluster-exec': ['{cluster}/{namespace}: an exec gets through to the API server.'],
    'cluster-exec-refused': [
      '{cluster}/{namespace}: exec is forbidden: {reason}',
      'Grant get and create on pods/exec; if both are there, an admission webhook or a proxy forbids it.',
    ],
    'cluster-exec-blocked': [
      '{cluster}/{namespace}: exec does not get through: {reason}',
      'Let proxies and load balancers before the API server pass WebSocket upgrades.',
    ],
    'cluster-exec-proved': ['{cluster}/{namespace}/{pod}: a command ran over {protocol}.'],
    'store-reached': ['OSS answers at {host}.'],
    'store-unreachable': [
      'No answer of OSS at {host}: {reason}',
      'Check endpoint and region; internal endpoints are reached from inside Alibaba Cloud only.',
    ],
    'store-upload': ['{bucket}: uploads in parts begin, are listed, completed and aborted.'],
    'store-read': ['What was stored is read back the same.'],
    'store-part-url': ['A presigned URL for one part works at {host}.'],
    'store-part-url-failed': [
      'A presigned URL for one part does not work from here, at {host}: {reason}',
      'If pods cannot reach it either, set store.podEndpoint; dumps go by relay until then.',
    ],
    'store-encrypted': ['Stored objects are encrypted: {how}'],
    'store-not-encrypted': [
      'Stored objects are not encrypted as asked for: {wanted} was wanted, {how} it is.',
      'Check the bucket’s encryption rule, and the key’s rights for KMS.',
    ],
    'store-encryption-off': [
      'Stored objects are not encrypted; a heap dump holds every secret in memory.',
      'Set store.serverSideEncryption: AES256 or KMS, or encrypt the bucket by default.',
    ],
    'store-link': ['A download link works at {host}.'],
    'store-no-credentials': [
      'No credentials: {reason}',
      'Set store.{credentials}: a key, or the file that something keeps fresh.',
    ],
    'store-no-bucket': [
      'There is no bucket {bucket} here.',
      'Check store.bucket, and that endpoint and region are the bucket’s own.',
    ],
    'store-key-refused': [
      'OSS does not take the access key of store.{credentials}: {reason}',
      'Check its id; see that it is enabled, and its token not over.',
    ],
    'store-secret-wrong': [
      'The secret of store.{credentials} is wrong.',
      'Copy id and secret of one and the same access key.',
    ],
    'store-clock-skewed': [
      'OSS refuses: this machine’s clock is more than 15 minutes off.',
      'Have it follow NTP.',
    ],
    'store-region-wrong': [
      'OSS refuses the region in the signature: {reason}',
      'Set store.region to the bucket’s own, such as cn-hangzhou.',
    ],
    'store-endpoint-forbidden': [
      'OSS does not serve {bucket} at its public endpoint.',
      'Bind a domain of your own to the bucket; set store.publicEndpoint to it and publicCname: true.',
    ],
    'store-right-missing': [
      'store.{credentials} may not: {right}',
      'Grant {right} on the bucket {bucket} to this RAM user or role. OSS said: {reason}',
    ],
    'store-right-optional': [
      'store.{credentials} works without: {right}',
      'With it, an object that turned out not to be the dump is removed.',
    ],
    'store-probe-left': ['The doctor’s object stays in the bucket: {key}', 'Remove it whenever you like.'],
    'store-refused': ['OSS refuses {right} to store.{credentials}: {reason}', 'Look the answer up at OSS.'],
    'check-timed-out': [
      'The check of {what} did not end within {seconds} s.',
      'Something takes connections and does not answer: a firewall or a proxy, mostly.',
    ],
    'check-broke': [
      'The check of {what} broke: {reason}',
      'If the reason does not tell you more, report it with this line.',
    ],
  },
};
