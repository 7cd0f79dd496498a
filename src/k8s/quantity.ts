const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
};

/**
 * A Kubernetes quantity as a number: '1200Mi', '2G', '1e3', '100m'.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 * @returns undefined if it is none
 */
export const parseQuantity = (text: string): number | undefined => {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE]))?$/.exec(text);
  if (match === null) return undefined;
  const [, digits, exponent, suffix = ''] = match;
  if (exponent !== undefined) return Number(`${digits}${exponent}`);
  const power = BINARY.indexOf(suffix) + 1;
  const factor = power > 0 ? 1024 ** power : DECIMAL[suffix];
  return factor === undefined ? undefined : Number(digits) * factor;
};

/** Kubelets report 'no limit' as a number near 2^63 (seen: 9007199254740988Ki). */
const NO_LIMIT = 2 ** 60;

/** @returns whole bytes; undefined for absent, unreadable, and 'no limit' */
export const parseBytes = (text: string | undefined): number | undefined => {
  const bytes = text === undefined ? undefined : parseQuantity(text);
  return bytes === undefined || bytes < 0 || bytes >= NO_LIMIT ? undefined : Math.floor(bytes);
};
