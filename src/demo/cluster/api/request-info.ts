import type { ResourceRequest } from './access.ts';

export type RequestInfo = ({ kind: 'resource'; version: string } & ResourceRequest) | { kind: 'path' };

const VERBS: Record<string, string> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** What method and path mean, as the API server's request-info resolver reads them. */
export const requestInfo = (method: string, url: URL): RequestInfo => {
  const parts = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodePart);
  const [root, ...rest] = parts;
  const group = root === 'apis' ? rest.shift() : root === 'api' ? '' : undefined;
  const version = rest.shift();
  if (group === undefined || version === undefined || rest.length === 0) return { kind: 'path' };
  let namespace: string | undefined;
  if (rest[0] === 'namespaces' && rest.length > 2) {
    namespace = rest[1];
    rest.splice(0, 2);
  } else if (rest[0] === 'namespaces') {
    // A namespace lies in itself.
    namespace = rest[1];
  }
  const [resource = '', name, ...sub] = rest;
  const watch = ['true', '1'].includes(url.searchParams.get('watch') ?? '');
  const read = name !== undefined ? 'get' : watch ? 'watch' : 'list';
  return {
    kind: 'resource',
    version,
    group,
    verb: method === 'GET' || method === 'HEAD' ? read : (VERBS[method] ?? method.toLowerCase()),
    resource,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(sub.length > 0 && { subresource: sub.join('/') }),
  };
};

const decodePart = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};
