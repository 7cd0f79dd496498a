import type { OssCall } from '../../src/demo/oss/demo-oss.ts';

/** For a fault: parts on their way into the bucket. */
export const parts = ({ operation }: OssCall): boolean => operation === 'UploadPart';
