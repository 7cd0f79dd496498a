/** https://docs.slack.dev/messaging/formatting-message-text : these three and no others. */
export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
