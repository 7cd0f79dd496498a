import { createHash } from 'node:crypto';
import { timestamp } from './pod-object.ts';

/** As in a list; alone it has kind and apiVersion as well. */
export const namespaceObject = (name: string, createdAt: number) => ({
  metadata: {
    name,
    uid: createHash('sha256')
      .update(name)
      .digest('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'),
    resourceVersion: '7',
    creationTimestamp: timestamp(createdAt),
    labels: { 'kubernetes.io/metadata.name': name },
    managedFields: [],
  },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
});
