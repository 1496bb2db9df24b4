// Gives a recording its length. A browser writes WebM as for a live audience: without a length
// (Chromium) or with one of zero (Firefox). Players then show none, do not let one jump, or play
// nothing. Only the head of a file is looked into (RFC 9559).

/** Of elements, with their markers (RFC 9559 §5.1). */
const SEGMENT = 0x18538067;
const SEEK_HEAD = 0x114d9b74;
const INFO = 0x1549a966;
const TIMESTAMP_SCALE = 0x2ad7b1;
/** Ns in a tick, where a file does not say it. */
const SCALE_USUAL = 1_000_000;

const DURATION = 0x4489;
/** With its size, and a double behind it. */
const DURATION_HEAD = [0x44, 0x89, 0x88];
const DURATION_BYTES = DURATION_HEAD.length + 8;
/** A master element's size may always take eight bytes (RFC 8794 §4.4). */
const SIZE_BYTES = 8;

/** A head with a place for a length, and what to write there at the end. */
export interface Timed {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the place begins. */
  readonly at: number;
  duration(ms: number): Uint8Array<ArrayBuffer>;
}

/** Finds or makes the place; null where these bytes are no head of WebM, or have a length. */
export function timed(head: Uint8Array<ArrayBuffer>): Timed | null {
  const segment = segmentOf(head);
  const info = segment.find(({ id }) => id === INFO);
  if (info === undefined) {
    return null;
  }
  const known = childrenOf(head, info.content, info.end);
  const scale = known.find(({ id }) => id === TIMESTAMP_SCALE);
  const ticksPerMs = 1e6 / (scale === undefined ? SCALE_USUAL : numberIn(head, scale));
  const duration = (ms: number): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(DURATION_BYTES);
    bytes.set(DURATION_HEAD);
    new DataView(bytes.buffer).setFloat64(DURATION_HEAD.length, ms * ticksPerMs);
    return bytes;
  };
  const before = known.find(({ id }) => id === DURATION);
  if (before !== undefined) {
    const isZero = before.end - before.content === 8 && numberIn(head, before) === 0;
    const at = before.end - DURATION_BYTES;
    return isZero && head[at] === DURATION_HEAD[0] ? { bytes: head, at, duration } : null;
  }
  // Whatever is named by its place must stay there.
  const isNamed = segment.some(({ id, content, end }) => id === SEEK_HEAD && end > content);
  return isNamed ? null : { ...withVoid(head, info), duration };
}

/** Until the length is known its place is void: an element that readers pass over. */
function withVoid(head: Uint8Array, info: Element): Pick<Timed, "bytes" | "at"> {
  const place = new Uint8Array(DURATION_BYTES);
  place.set([0xec, 0x80 | (DURATION_BYTES - 2)]);
  const content = head.subarray(info.content, info.end);
  const bytes = joined([
    head.subarray(0, info.sizeAt),
    sizeOf(content.length + DURATION_BYTES),
    content,
    place,
    head.subarray(info.end),
  ]);
  return { bytes, at: info.sizeAt + SIZE_BYTES + content.length };
}

interface Element {
  readonly id: number;
  readonly sizeAt: number;
  readonly content: number;
  readonly end: number;
}

/** Behind the EBML head comes the segment, which has no end while it is written: its children. */
function segmentOf(head: Uint8Array): Element[] {
  const start = elementAt(head, 0);
  const segment = start === null ? null : elementAt(head, start.end);
  return segment?.id === SEGMENT ? childrenOf(head, segment.content, head.length) : [];
}

/** Those that are whole. */
function childrenOf(bytes: Uint8Array, from: number, to: number): Element[] {
  const children: Element[] = [];
  for (let next = elementAt(bytes, from); next !== null; next = elementAt(bytes, next.end)) {
    if (next.end > to) {
      break;
    }
    children.push(next);
  }
  return children;
}

/** Null where there is none whose head is whole. */
function elementAt(bytes: Uint8Array, at: number): Element | null {
  const sizeAt = at + widthAt(bytes, at);
  const content = sizeAt + widthAt(bytes, sizeAt);
  if (!(content <= bytes.length)) {
    return null;
  }
  const id = numberFrom(bytes, at, sizeAt);
  // Without the marker first: 2^56 and more lose their last digits.
  const top = (bytes[sizeAt] ?? 0) & (0xff >> (content - sizeAt));
  const size = top * 256 ** (content - sizeAt - 1) + numberFrom(bytes, sizeAt + 1, content);
  return { id, sizeAt, content, end: content + size };
}

/** Zeros in front of the marker tell how many bytes follow (RFC 8794 §4.1); none without one. */
function widthAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  return first === 0 ? Number.NaN : Math.clz32(first) - 23;
}

function numberIn(bytes: Uint8Array, { content, end }: Element): number {
  return numberFrom(bytes, content, end);
}

function numberFrom(bytes: Uint8Array, from: number, to: number): number {
  return bytes.subarray(from, to).reduce((number, byte) => number * 256 + byte, 0);
}

function sizeOf(size: number): Uint8Array {
  const bytes = new Uint8Array(SIZE_BYTES);
  new DataView(bytes.buffer).setUint32(SIZE_BYTES - 4, size);
  bytes[0] = 0x01;
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
