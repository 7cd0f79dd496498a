import { randomBytes, createHash } from 'node:crypto';
import { RunningCrc64 } from '../../src/demo/oss/crc64.ts';
import { createCrc64 } from '../../src/worker/store/crc64.ts';
const b = randomBytes(16 << 20);
for (const [n, mk] of [['demo', async () => { const r = new RunningCrc64(); return { update: (x: Buffer) => r.update(x) }; }], ['worker', createCrc64], ['md5', async () => createHash('md5')]] as const) {
  const c = await mk() as any;
  for (let r = 0; r < 4; r++) { const t = process.cpuUsage(); for (let i = 0; i < 8; i++) c.update(b); const u = process.cpuUsage(t); console.log(n, (128e6 / (u.user + u.system)).toFixed(), 'MB per CPU second'); }
}
