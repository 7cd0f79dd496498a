import { chatPlatformContract } from '../contract/chat-platform.ts';
import { startSlackWorld } from './slack-world.ts';

chatPlatformContract({ name: 'Slack, over WebSockets', start: () => startSlackWorld('socket') });
chatPlatformContract({ name: 'Slack, over signed HTTP', start: () => startSlackWorld('http') });
