/** Every sentence of the doctor. A language fills it; a test compares the names in braces. */
import type { FindingCode } from '../finding.ts';

export type DoctorLanguage = 'en' | 'zh-CN';

export interface DoctorWords {
  readonly healthy: string;
  readonly unhealthy: string;
  /** What was seen, and what to do about it; `{name}` stands for a fact of the finding. */
  readonly findings: Readonly<Record<FindingCode, readonly [says: string, remedy?: string]>>;
}
