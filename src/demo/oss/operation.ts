/** What a request asks for, and the right that it needs. */
import type { Address } from './address.ts';

export type Operation =
  | 'ListObjects'
  | 'ListObjectsV2'
  | 'ListMultipartUploads'
  | 'InitiateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'GetObjectMeta'
  | 'GetObjectTagging'
  | 'DeleteObject'
  | 'Unknown';

/** RAM's names: https://www.alibabacloud.com/help/en/oss/user-guide/ram-policy-overview */
export type Action =
  | 'oss:ListObjects'
  | 'oss:ListMultipartUploads'
  | 'oss:PutObject'
  | 'oss:GetObject'
  | 'oss:GetObjectTagging'
  | 'oss:DeleteObject'
  | 'oss:AbortMultipartUpload'
  | 'oss:ListParts';

export function operationOf(method: string, { key, query }: Address): Operation {
  if (key === '') {
    if (method !== 'GET') return 'Unknown';
    if (query.has('uploads')) return 'ListMultipartUploads';
    return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
  }
  const upload = query.has('uploadId');
  switch (method) {
    case 'POST':
      if (query.has('uploads')) return 'InitiateMultipartUpload';
      return upload ? 'CompleteMultipartUpload' : 'Unknown';
    case 'PUT':
      if (upload && query.has('partNumber')) return 'UploadPart';
      return upload || query.has('tagging') || query.has('acl') ? 'Unknown' : 'PutObject';
    case 'GET':
      if (upload) return 'ListParts';
      return query.has('tagging') ? 'GetObjectTagging' : 'GetObject';
    case 'HEAD':
      return query.has('objectMeta') ? 'GetObjectMeta' : 'HeadObject';
    case 'DELETE':
      return upload ? 'AbortMultipartUpload' : 'DeleteObject';
    default:
      return 'Unknown';
  }
}

export function actionFor(operation: Operation): Action | undefined {
  switch (operation) {
    case 'ListObjects':
    case 'ListObjectsV2':
      return 'oss:ListObjects';
    case 'ListMultipartUploads':
      return 'oss:ListMultipartUploads';
    case 'InitiateMultipartUpload':
    case 'UploadPart':
    case 'CompleteMultipartUpload':
    case 'PutObject':
      return 'oss:PutObject';
    case 'AbortMultipartUpload':
      return 'oss:AbortMultipartUpload';
    case 'ListParts':
      return 'oss:ListParts';
    case 'GetObject':
    case 'HeadObject':
    case 'GetObjectMeta':
      return 'oss:GetObject';
    case 'GetObjectTagging':
      return 'oss:GetObjectTagging';
    case 'DeleteObject':
      return 'oss:DeleteObject';
    case 'Unknown':
      return undefined;
  }
}
