/**
 * kubectl sends reviews as protobuf, whatever discovery says. Just enough of it to read those two:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
const MAGIC = Buffer.from('k8s\0');

/** Length-delimited fields of a message by number; the reviews hold no others that matter. */
const readFields = (message: Buffer): Map<number, Buffer> => {
  const fields = new Map<number, Buffer>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) throw new RangeError('protobuf message is cut off');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 0) {
      varint();
      continue;
    }
    if (wireType !== 2) throw new RangeError(`protobuf wire type ${wireType} is not expected`);
    const length = varint();
    fields.set(Math.floor(tag / 8), message.subarray(at, at + length));
    at += length;
  }
  return fields;
};

const named = (
  message: Buffer | undefined,
  names: Record<number, string>,
): Record<string, string> | undefined => {
  if (!message) return undefined;
  const fields = readFields(message);
  return Object.fromEntries(
    Object.entries(names).map(([number, name]) => [name, fields.get(Number(number))?.toString() ?? '']),
  );
};

const ATTRIBUTES = {
  1: 'namespace',
  2: 'verb',
  3: 'group',
  4: 'version',
  5: 'resource',
  6: 'subresource',
  7: 'name',
};

/** The JSON form of a review, or undefined when the bytes are no review. Throws RangeError on a broken message. */
export const reviewFromProtobuf = (body: Buffer): unknown => {
  if (!body.subarray(0, 4).equals(MAGIC)) return undefined;
  const envelope = readFields(body.subarray(4));
  const kind = named(envelope.get(1), { 1: 'apiVersion', 2: 'kind' })?.kind;
  const spec = readFields(envelope.get(2) ?? Buffer.alloc(0)).get(2) ?? Buffer.alloc(0);
  if (kind === 'SelfSubjectRulesReview') return { spec: named(spec, { 1: 'namespace' }) };
  if (kind !== 'SelfSubjectAccessReview') return undefined;
  const attributes = readFields(spec);
  const resourceAttributes = named(attributes.get(1), ATTRIBUTES);
  const nonResourceAttributes = named(attributes.get(2), { 1: 'path', 2: 'verb' });
  return {
    spec: {
      ...(resourceAttributes && { resourceAttributes }),
      ...(nonResourceAttributes && { nonResourceAttributes }),
    },
  };
};
