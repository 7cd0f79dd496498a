/** Errors as OSS words them: a code, an EC number that leads to a page of the vendor, and facts in XML. */
import { XMLBuilder } from 'fast-xml-parser';

export class OssError extends Error {
  override readonly name = 'OssError';
  readonly status: number;
  readonly code: string;
  readonly ec: string;
  /** Further elements of the XML, such as `StringToSign` or `Expires`. */
  readonly details: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    ec = '0000-00000000',
    details: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.ec = ec;
    this.details = details;
  }

  toXml(requestId: string, host: string): string {
    return toXml({
      Error: {
        Code: this.code,
        Message: this.message,
        RequestId: requestId,
        HostId: host,
        ...this.details,
        EC: this.ec,
        RecommendDoc: `https://api.aliyun.com/troubleshoot?q=${this.ec}`,
      },
    });
  }
}

const builder = new XMLBuilder({ suppressEmptyNode: false });

/** An object with one root key becomes a document; an array becomes repeated elements. */
export function toXml(document: Readonly<Record<string, unknown>>): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${String(builder.build(document))}`;
}
