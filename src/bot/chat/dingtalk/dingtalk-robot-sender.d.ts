/** The package brings no types. */
declare module 'dingtalk-robot-sender' {
  export interface HttpClient {
    request(
      url: string,
      options: { readonly method: string; readonly headers: Record<string, string>; readonly data: string },
    ): Promise<unknown>;
  }

  // biome-ignore lint/style/noDefaultExport: it is what the package exports
  export default class ChatBot {
    constructor(options: { webhook: string; secret?: string; httpclient?: HttpClient });
    /** @returns what the client's request returns */
    send(content: object): Promise<unknown>;
  }
}
