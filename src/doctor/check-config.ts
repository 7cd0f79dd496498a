/** What is legal in a config and still is not what anybody wants. */
import { existsSync } from 'node:fs';
import picomatch from 'picomatch';
import type { Role } from '../config.ts';
import type { Config } from '../config-schema.ts';
import { type Finding, finding } from './finding.ts';

export function checkConfig(config: Config, role: Role, file: string): Finding[] {
  const findings = [finding('config-ok', { file, role })];
  const { chat, clusters, rules } = config;
  if (role !== 'worker' && chat.slack === undefined && chat.dingtalk === undefined)
    findings.push(finding('config-no-chat'));
  if (rules.length === 0) findings.push(finding('config-no-rules'));
  const tool = config.worker.dumpTool;
  if (role !== 'bot' && !existsSync(new URL(`../../tools/${tool}`, import.meta.url)))
    findings.push(finding('config-tool-missing', { tool }));
  const known = clusters.map(({ name }) => name);
  for (const rule of rules)
    if (!known.some((name) => isMeant(name, rule.clusters)))
      findings.push(finding('config-rule-nowhere', { rule: rule.name, clusters: known.join(', ') }));
  return findings;
}

/** What the rules say of a cluster's namespaces: names as they stand there, and patterns, which name nothing. */
export function namespacesOf(config: Config, cluster: string): { names: string[]; patterns: string[] } {
  const said = config.rules
    .filter((rule) => isMeant(cluster, rule.clusters))
    .flatMap(({ namespaces }) => namespaces.filter((name) => !name.startsWith('!')));
  const isName = (text: string): boolean => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
  return {
    names: [...new Set(said.filter(isName))],
    patterns: [...new Set(said.filter((text) => !isName(text)))],
  };
}

/** As the rules are read: a pattern that begins with ! leaves out. */
function isMeant(name: string, patterns: readonly string[]): boolean {
  const without = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const within = patterns.filter((pattern) => !pattern.startsWith('!'));
  return picomatch.isMatch(name, within) && !picomatch.isMatch(name, without);
}
