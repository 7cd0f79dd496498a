import { type Cluster, callApi } from './client.ts';

const PAGE = 500;

/**
 * Names of namespaces, `limit` at most, as the API server gives them: by name.
 * @throws ClusterError; 'forbidden' where the worker has rights in some namespaces alone
 */
export const listNamespaces = async (
  cluster: Cluster,
  limit: number,
  signal?: AbortSignal,
): Promise<{ readonly names: readonly string[]; readonly complete: boolean }> => {
  const names: string[] = [];
  let next: string | undefined;
  do {
    const request = {
      limit: Math.min(PAGE, limit - names.length),
      ...(next === undefined ? {} : { _continue: next }),
    };
    const page = await callApi(
      'list namespaces',
      (options) => cluster.core.listNamespace(request, options),
      signal,
    );
    names.push(...page.items.map(({ metadata }) => metadata?.name ?? ''));
    next = page.metadata?._continue || undefined;
  } while (next !== undefined && names.length < limit);
  return { names: names.slice(0, limit), complete: next === undefined && names.length <= limit };
};
