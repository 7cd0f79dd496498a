import type { DumpContext } from '../dump-context.ts';
import type { Checkpoint } from '../dump-job.ts';
import { StepError } from '../step-error.ts';

export type Stored = NonNullable<Checkpoint['stored']>;

/** Asks the store what it has. Only after this may the dump be removed from the pod, and a link be given. */
export async function verify(context: DumpContext, stored: Stored): Promise<void> {
  try {
    await compare(context, stored);
  } catch (error) {
    // A person's Retry sends the file again, over the object that is wrong.
    if (error instanceof StepError) await context.save({ stored: undefined, upload: undefined });
    throw error;
  }
  await context.save({ verified: true });
}

async function compare(context: DumpContext, stored: Stored): Promise<void> {
  const found = await context.store.head(stored.objectKey, context.signal);
  if (found === undefined) throw new StepError('checksum-mismatch', `the store has no ${stored.objectKey}`);
  if (found.sizeBytes !== stored.sizeBytes) {
    throw new StepError(
      'checksum-mismatch',
      `${found.sizeBytes} bytes in the store, ${stored.sizeBytes} dumped`,
    );
  }
  if (found.crc64 !== undefined && found.crc64 !== stored.crc64) {
    throw new StepError('checksum-mismatch', `CRC-64 ${found.crc64} in the store, ${stored.crc64} sent`);
  }
}
