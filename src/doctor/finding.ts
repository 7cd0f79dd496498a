/** What the doctor can find. Each finding has a code; its words in each language are in words/. */

export type Verdict = 'ok' | 'warning' | 'failed';

/** A code is for ever, since scripts read it: add, never rename. The word before the first - is its area. */
export const VERDICTS = {
  'config-ok': 'ok',
  'config-problem': 'failed',
  'config-no-rules': 'warning',
  'config-no-chat': 'failed',
  'config-rule-nowhere': 'warning',
  'config-tool-missing': 'failed',
  'config-unknown-cluster': 'failed',
  'redis-reached': 'ok',
  'redis-unreachable': 'failed',
  'redis-login-refused': 'failed',
  'redis-too-old': 'failed',
  'redis-keeps-all': 'ok',
  'redis-evicts': 'failed',
  'redis-appends': 'ok',
  'redis-not-persistent': 'failed',
  'redis-append-failing': 'failed',
  'redis-setting-hidden': 'warning',
  'redis-commands': 'ok',
  'redis-command-refused': 'failed',
  'redis-clock': 'warning',
  'slack-token': 'ok',
  'slack-token-refused': 'failed',
  'slack-unreachable': 'failed',
  'slack-scopes': 'ok',
  'slack-scope-missing': 'failed',
  'slack-history-missing': 'warning',
  'slack-scopes-hidden': 'warning',
  'slack-socket': 'ok',
  'slack-socket-refused': 'failed',
  'slack-secret-shape': 'ok',
  'slack-secret-odd': 'failed',
  'dingtalk-token': 'ok',
  'dingtalk-token-refused': 'failed',
  'dingtalk-unreachable': 'failed',
  'dingtalk-stream': 'ok',
  'dingtalk-stream-refused': 'failed',
  'cluster-config': 'failed',
  'cluster-reached': 'ok',
  'cluster-unreachable': 'failed',
  'cluster-login-refused': 'failed',
  'cluster-rights': 'ok',
  'cluster-rights-everywhere': 'ok',
  'cluster-right-missing': 'failed',
  'cluster-right-optional': 'warning',
  'cluster-namespaces-open': 'warning',
  'cluster-exec': 'ok',
  'cluster-exec-refused': 'failed',
  'cluster-exec-blocked': 'failed',
  'cluster-exec-proved': 'ok',
  'store-reached': 'ok',
  'store-unreachable': 'failed',
  'store-upload': 'ok',
  'store-read': 'ok',
  'store-part-url': 'ok',
  'store-part-url-failed': 'warning',
  'store-encrypted': 'ok',
  'store-not-encrypted': 'failed',
  'store-encryption-off': 'warning',
  'store-link': 'ok',
  'store-no-credentials': 'failed',
  'store-no-bucket': 'failed',
  'store-key-refused': 'failed',
  'store-secret-wrong': 'failed',
  'store-clock-skewed': 'failed',
  'store-region-wrong': 'failed',
  'store-endpoint-forbidden': 'failed',
  'store-right-missing': 'failed',
  'store-right-optional': 'warning',
  'store-probe-left': 'warning',
  'store-refused': 'failed',
  'check-timed-out': 'failed',
  'check-broke': 'failed',
} as const satisfies Readonly<Record<string, Verdict>>;

export type FindingCode = keyof typeof VERDICTS;

export interface Finding {
  readonly code: FindingCode;
  readonly verdict: Verdict;
  /** Fill the braces of its words. Never a secret, nor a URL with a signature. */
  readonly facts: Readonly<Record<string, string>>;
}

export const finding = (code: FindingCode, facts: Finding['facts'] = {}): Finding => ({
  code,
  verdict: VERDICTS[code],
  facts,
});

/** `redis` of `redis-evicts`. */
export const areaOf = (code: FindingCode): string => code.slice(0, code.indexOf('-'));
