// MessagePack, read into plain values for showing: https://github.com/msgpack/msgpack/blob/master/spec.md
//
// Integers that a number cannot hold become bigint; maps become Map (their keys may be anything); binary and extensions
// keep their bytes.

export class Binary {
  constructor(readonly bytes: Uint8Array) {}
}

export class Extension {
  constructor(
    readonly type: number,
    readonly bytes: Uint8Array,
  ) {}
}

export type Value = null | boolean | number | bigint | string | Date | Binary | Extension | Value[] | Map<Value, Value>;

export class MsgpackError extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(`${message} at byte ${offset}`);
  }
}

const kDepthMax = 100;
const kTimestamp = -1;

class Reader {
  private at = 0;
  private readonly view: DataView;
  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.at;
  }
  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  private take(count: number): number {
    if (this.at + count > this.bytes.length) throw new MsgpackError('ends too early', this.bytes.length);
    const start = this.at;
    this.at += count;
    return start;
  }

  // The unsigned integer in the next 1, 2 or 4 bytes.
  private uint(width: number): number {
    const start = this.take(width);
    if (width === 1) return this.view.getUint8(start);
    return width === 2 ? this.view.getUint16(start) : this.view.getUint32(start);
  }

  private int(width: number): number {
    const start = this.take(width);
    if (width === 1) return this.view.getInt8(start);
    return width === 2 ? this.view.getInt16(start) : this.view.getInt32(start);
  }

  private wide(signed: boolean): number | bigint {
    const start = this.take(8);
    const big = signed ? this.view.getBigInt64(start) : this.view.getBigUint64(start);
    const small = Number(big);
    return Number.isSafeInteger(small) ? small : big;
  }

  private raw(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  private text(length: number): string {
    const start = this.at;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.raw(length));
    } catch (error) {
      if (error instanceof MsgpackError) throw error;
      throw new MsgpackError('text is not valid UTF-8', start);
    }
  }

  private array(length: number, depth: number): Value[] {
    const out: Value[] = [];
    for (let i = 0; i < length; i++) out.push(this.value(depth + 1));
    return out;
  }

  private map(length: number, depth: number): Map<Value, Value> {
    const out = new Map<Value, Value>();
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      out.set(key, this.value(depth + 1));
    }
    return out;
  }

  private extension(length: number): Value {
    const type = this.int(1);
    const bytes = this.raw(length);
    return (type === kTimestamp ? timestamp(bytes) : null) ?? new Extension(type, bytes);
  }

  value(depth = 0): Value {
    if (depth > kDepthMax) throw new MsgpackError(`nested deeper than ${kDepthMax}`, this.at);
    const start = this.at;
    const head = this.uint(1);
    if (head < 0x80) return head;
    if (head < 0x90) return this.map(head & 0x0f, depth);
    if (head < 0xa0) return this.array(head & 0x0f, depth);
    if (head < 0xc0) return this.text(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return new Binary(this.raw(this.uint(1 << (head - 0xc4))));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.extension(this.uint(1 << (head - 0xc7)));
      case 0xca:
        return this.view.getFloat32(this.take(4));
      case 0xcb:
        return this.view.getFloat64(this.take(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.uint(1 << (head - 0xcc));
      case 0xcf:
        return this.wide(false);
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return this.int(1 << (head - 0xd0));
      case 0xd3:
        return this.wide(true);
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.extension(1 << (head - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.uint(1 << (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.array(this.uint(2 << (head - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.map(this.uint(2 << (head - 0xde)), depth);
      default:
        throw new MsgpackError('0xc1 is not used by the format', start);
    }
  }
}

function timestamp(bytes: Uint8Array): Date | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 4) return new Date(view.getUint32(0) * 1000);
  if (bytes.length === 8) {
    const both = view.getBigUint64(0);
    return new Date(Number(both & 0x3ffffffffn) * 1000 + Math.floor(Number(both >> 34n) / 1e6));
  }
  if (bytes.length !== 12) return null;
  const date = new Date(Number(view.getBigInt64(4)) * 1000 + Math.floor(view.getUint32(0) / 1e6));
  return Number.isNaN(date.getTime()) ? null : date;
}

// The one value that `bytes` are. Throws MsgpackError where they are not exactly one.
export function decodeMsgpack(bytes: Uint8Array): Value {
  const reader = new Reader(bytes);
  const value = reader.value();
  if (!reader.atEnd) throw new MsgpackError('more after the end of the value', reader.offset);
  return value;
}
