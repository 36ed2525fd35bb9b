import { describe, expect, it } from 'vitest';
import { Binary, decodeMsgpack, Extension, MsgpackError } from '../src/lib/msgpack';

const bytes = (...list: (number | string)[]): Uint8Array =>
  Uint8Array.from(list.flatMap((b) => (typeof b === 'number' ? [b] : [...new TextEncoder().encode(b)])));

describe('decodeMsgpack', () => {
  it.each([
    [[0x00], 0],
    [[0x7f], 127],
    [[0xff], -1],
    [[0xe0], -32],
    [[0xc0], null],
    [[0xc2], false],
    [[0xc3], true],
    [[0xcc, 0xff], 255],
    [[0xcd, 1, 0], 256],
    [[0xce, 0xff, 0xff, 0xff, 0xff], 4294967295],
    [[0xcf, 0, 0, 0, 1, 0, 0, 0, 0], 4294967296],
    [[0xd0, 0x80], -128],
    [[0xd1, 0x80, 0], -32768],
    [[0xd2, 0x80, 0, 0, 0], -2147483648],
    [[0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1],
    [[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    [[0xca, 0xbf, 0x80, 0, 0], -1],
  ])('reads %j as %j', (input, wanted) => expect(decodeMsgpack(bytes(...input))).toBe(wanted));

  it('keeps integers that a number cannot hold', () => {
    expect(decodeMsgpack(bytes(0xcf, 255, 255, 255, 255, 255, 255, 255, 255))).toBe(18446744073709551615n);
    expect(decodeMsgpack(bytes(0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0))).toBe(-9223372036854775808n);
  });

  it('reads texts of all lengths', () => {
    expect(decodeMsgpack(bytes(0xa3, 'abc'))).toBe('abc');
    expect(decodeMsgpack(bytes(0xd9, 3, 'é!'))).toBe('é!');
    expect(decodeMsgpack(bytes(0xda, 1, 44, 'x'.repeat(300)))).toBe('x'.repeat(300));
    expect(decodeMsgpack(bytes(0xdb, 0, 0, 0, 1, 'y'))).toBe('y');
  });

  it('reads arrays and maps, also with keys that are no text', () => {
    expect(decodeMsgpack(bytes(0x93, 1, 0xa1, 'a', 0xc0))).toEqual([1, 'a', null]);
    expect(decodeMsgpack(bytes(0xdc, 0, 1, 7))).toEqual([7]);
    expect(decodeMsgpack(bytes(0x82, 0xa1, 'k', 1, 5, 0x90))).toEqual(
      new Map<unknown, unknown>([
        ['k', 1],
        [5, []],
      ]),
    );
    expect(decodeMsgpack(bytes(0xde, 0, 1, 0xa1, 'k', 2))).toEqual(new Map([['k', 2]]));
  });

  it('keeps bytes and extensions, and knows the three timestamps', () => {
    expect(decodeMsgpack(bytes(0xc4, 2, 1, 255))).toEqual(new Binary(Uint8Array.of(1, 255)));
    expect(decodeMsgpack(bytes(0xd4, 5, 9))).toEqual(new Extension(5, Uint8Array.of(9)));
    expect(decodeMsgpack(bytes(0xc7, 3, 0xfe, 1, 2, 3))).toEqual(new Extension(-2, Uint8Array.of(1, 2, 3)));
    expect(decodeMsgpack(bytes(0xd6, 0xff, 0, 0, 0, 10))).toEqual(new Date(10_000));
    expect(decodeMsgpack(bytes(0xd7, 0xff, 0x77, 0x35, 0x94, 0, 0, 0, 0, 1))).toEqual(new Date(1500));
    expect(
      decodeMsgpack(bytes(0xc7, 12, 0xff, 0x1d, 0xcd, 0x65, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)),
    ).toEqual(new Date(-500));
  });

  it.each([
    ['nothing', [], 'ends too early at byte 0'],
    ['a cut text', [0xa3, 0x61], 'ends too early at byte 2'],
    ['a length that is a lie', [0xdd, 0xff, 0xff, 0xff, 0xff], 'ends too early at byte 5'],
    ['two values', [0x01, 0x02], 'more after the end of the value at byte 1'],
    ['the unused byte', [0xc1], '0xc1 is not used by the format at byte 0'],
    ['text that is not UTF-8', [0xa1, 0xff], 'text is not valid UTF-8 at byte 1'],
    ['nesting without end', Array<number>(5000).fill(0x91), 'nested deeper than 100 at byte 101'],
  ])('refuses %s and says where', (_name, input, message) => {
    expect(() => decodeMsgpack(bytes(...input))).toThrow(
      new MsgpackError(message.replace(/ at byte \d+$/, ''), Number(/\d+$/.exec(message)?.[0])),
    );
  });
});
