/** Messages of each sort that the bot sends, for renderings that a person can look at. */
import type { Inline, Message } from '../../src/bot/chat/message.ts';

const text = (value: string): Inline => ({ kind: 'text', text: value });
const code = (value: string): Inline => ({ kind: 'code', text: value });
const at = Date.UTC(2026, 10, 24, 16, 30);

export const messages: Readonly<Record<string, Message>> = {
  'request-card': {
    tone: 'waiting',
    title: 'Heap dump of order-service-7d9f8-x2x4k?',
    blocks: [
      {
        kind: 'fields',
        fields: [
          { label: 'Requested by', value: [{ kind: 'person', person: 'slack:U012ANN' }] },
          { label: 'Pod', value: [code('main/prod/order-service-7d9f8-x2x4k')] },
          { label: 'Pause', value: [text('about 4 to 9 s')] },
        ],
      },
      { kind: 'quote', text: 'Heap grows *every* night & <nobody> knows why\nsee the graph' },
      { kind: 'line', line: [text('The application stands still while it is dumped.')] },
      {
        kind: 'line',
        line: [
          text('Waits for review by: '),
          { kind: 'group', group: 'slack:group:S012SRE' },
          text(' '),
          { kind: 'person', person: 'slack:U012BOB' },
        ],
      },
      { kind: 'line', line: [text('Expires: '), { kind: 'time', at }] },
      { kind: 'note', line: [text('Request abcd1234')] },
    ],
    buttons: [
      {
        action: 'approve',
        requestId: 'abcd1234',
        label: 'Approve',
        style: 'primary',
        confirm: {
          title: 'Dump this pod?',
          text: 'order-service-7d9f8-x2x4k will pause.',
          yes: 'Dump it',
          no: 'Back',
        },
      },
      { action: 'deny', requestId: 'abcd1234', label: 'Deny', style: 'danger' },
      { action: 'cancel', requestId: 'abcd1234', label: 'Cancel request' },
    ],
  },
  progress: {
    tone: 'neutral',
    title: 'Dumping order-service-7d9f8-x2x4k',
    blocks: [
      {
        kind: 'checklist',
        items: [
          { state: 'finished', label: 'Find the pod', note: '0.4 s' },
          { state: 'finished', label: 'Run the dump', note: '6.1 s' },
          {
            state: 'running',
            label: 'Move it to storage',
            note: '1.2 of 4.0 GiB, 80 MiB/s, about 36 s left',
          },
          { state: 'waiting', label: 'Check it' },
          { state: 'cancelled', label: 'Prove it' },
          { state: 'skipped', label: 'Convert it' },
          { state: 'failed', label: 'Clean up', note: 'read-only file system' },
        ],
      },
      { kind: 'note', line: [text('Attempt 2')] },
    ],
    buttons: [],
  },
  result: {
    tone: 'good',
    title: 'Heap dump of order-service-7d9f8-x2x4k is ready',
    blocks: [
      {
        kind: 'line',
        line: [text('For '), { kind: 'person', person: 'slack:U012ANN' }, text(' · abcd1234')],
      },
      {
        kind: 'download',
        url: 'https://dumps.oss-cn-hangzhou.aliyuncs.com/shop/order/prod/x.hprof.gz?x-oss-signature=abc&x-oss-expires=86400',
        label: 'Download',
      },
      {
        kind: 'note',
        line: [
          text('Ends '),
          { kind: 'time', at },
          text(' for '),
          { kind: 'person', person: 'slack:U012ANN' },
        ],
      },
    ],
    buttons: [{ action: 'new-link', requestId: 'abcd1234', label: 'New link' }],
  },
  failure: {
    tone: 'bad',
    title: 'No heap dump of order-service-7d9f8-x2x4k',
    blocks: [
      { kind: 'line', line: [{ kind: 'text', text: 'There is not enough room on the disk.', bold: true }] },
      { kind: 'line', line: [text('Left in the pod: '), code('/tmp/.heapdump/`x`.hprof')] },
      { kind: 'quote', text: 'java.io.IOException: No space left on device\n\tat sun.tools…' },
    ],
    buttons: [{ action: 'retry', requestId: 'abcd1234', label: 'Try again' }],
  },
  'list-in-chinese': {
    tone: 'neutral',
    title: '堆转储列表',
    blocks: ['abcd1234', 'efgh5678'].map((id) => ({
      kind: 'line',
      line: [
        { kind: 'text', text: id, bold: true },
        text(' '),
        code('main/prod/订单'),
        text(' 已完成，4.0 GiB，'),
        { kind: 'time', at },
      ],
    })),
    buttons: ['abcd1234', 'efgh5678'].map((id) => ({
      action: 'new-link',
      requestId: id,
      label: `新链接 ${id}`,
    })),
  },
};
