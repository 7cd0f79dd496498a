/**
 * What the API server accepts, in its order of preference. The two without 'v4' or 'v5' have no status
 * frame; '' is what it answers when nothing was offered.
 */
const PREFERENCE = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
] as const;

export type Subprotocol = (typeof PREFERENCE)[number] | '';

/** The subprotocol for a Sec-WebSocket-Protocol header, or undefined when none of those offered is known. */
export const chooseSubprotocol = (header: string | undefined): Subprotocol | undefined => {
  const offered = (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (offered.length === 0) return '';
  return PREFERENCE.find((name) => offered.includes(name));
};

export const isBase64 = (protocol: Subprotocol): boolean => protocol.includes('base64');
export const hasStatus = (protocol: Subprotocol): boolean => /^v[45]\./.test(protocol);
export const isV5 = (protocol: Subprotocol): boolean => protocol === 'v5.channel.k8s.io';
