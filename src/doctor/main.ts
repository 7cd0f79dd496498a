#!/usr/bin/env node
/** `npm run doctor`: is everything there that the bot and the workers need? Exit code 1 if something is not. */
import { doctorOptions } from './options.ts';
import { isHealthy, reportJson, reportLines } from './report.ts';
import { runDoctor } from './run-doctor.ts';
import { en } from './words/en.ts';
import { zhCn } from './words/zh-cn.ts';

const CHECK_TIMEOUT_MS = 60_000;

const options = doctorOptions(process.argv, process.env);
const findings = await runDoctor(options, {
  environment: process.env,
  now: Date.now,
  timeoutMs: CHECK_TIMEOUT_MS,
});
const words = options.language === 'zh-CN' ? zhCn : en;
const text = options.json ? reportJson(findings, words) : reportLines(findings, words).join('\n');
// Whatever a check that was given up on still holds open must not keep the process.
process.stdout.write(`${text}\n`, () => process.exit(isHealthy(findings) ? 0 : 1));
