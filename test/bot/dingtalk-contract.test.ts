import { chatPlatformContract } from '../contract/chat-platform.ts';
import { startDingtalkWorld } from './dingtalk-world.ts';

chatPlatformContract({ name: 'DingTalk, with cards', start: () => startDingtalkWorld('cards') });
chatPlatformContract({ name: 'DingTalk, in words', start: () => startDingtalkWorld('words') });
