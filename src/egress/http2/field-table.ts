/** The tables of HPACK that give numbers to fields (RFC 7541 section 2.3). */

export interface Field {
  readonly name: string;
  readonly value: string;
}

/** RFC 7541 appendix A, in order; the first has the number 1. */
const STATIC_TEXT = `
:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`;

export const STATIC_FIELDS: readonly Field[] = STATIC_TEXT.trim()
  .split('\n')
  .map((line) => {
    const space = line.indexOf(' ');
    return space === -1
      ? { name: line, value: '' }
      : { name: line.slice(0, space), value: line.slice(space + 1) };
  });

/** What an entry takes beyond its octets (RFC 7541 section 4.1). */
export const FIELD_OVERHEAD = 32;
/** The default of SETTINGS_HEADER_TABLE_SIZE, and all that this side ever keeps. */
export const TABLE_BYTES_MAX = 4_096;

/** Fields that were seen before, the newest first; both ends keep the same. */
export interface FieldTable {
  /** By its number, of both tables; undefined when there is none. */
  at(index: number): Field | undefined;
  add(field: Field): void;
  /** False when it is larger than was agreed. */
  resize(bytes: number): boolean;
}

export function makeFieldTable(): FieldTable {
  /** The oldest first. */
  const fields: Field[] = [];
  let bytes = 0;
  let most = TABLE_BYTES_MAX;
  function shrink(): void {
    let gone = 0;
    while (bytes > most) bytes -= sizeOf(fields[gone++] as Field);
    fields.splice(0, gone);
  }
  return {
    at(index) {
      if (index <= STATIC_FIELDS.length) return STATIC_FIELDS[index - 1];
      return fields[fields.length - (index - STATIC_FIELDS.length)];
    },
    add(field) {
      fields.push(field);
      bytes += sizeOf(field);
      shrink();
    },
    resize(size) {
      if (size > TABLE_BYTES_MAX) return false;
      most = size;
      shrink();
      return true;
    },
  };
}

export function sizeOf({ name, value }: Field): number {
  return name.length + value.length + FIELD_OVERHEAD;
}
