import { describe, expect, it } from 'vitest';
import { fromBase64, hexRow, hexRows, prettyJson, prettyMsgpack, tokens, utf8, viewsOf } from '../src/lib/payload';
import { guessForm, payloadBody, payloadProblem } from '../src/lib/new-payload';

describe('prettyJson', () => {
  it('puts one member a line', () => {
    expect(prettyJson('{"a":[1,2],"b":{},"c":[]}')).toEqual([
      '{',
      '  "a": [',
      '    1,',
      '    2',
      '  ],',
      '  "b": {},',
      '  "c": []',
      '}',
    ]);
  });
  it('leaves numbers and texts as they were sent', () => {
    expect(prettyJson('{"id":12345678901234567890,"x":1.50,"s":"a\\u00e9, {\\"b\\": 1}"}')).toEqual([
      '{',
      '  "id": 12345678901234567890,',
      '  "x": 1.50,',
      '  "s": "a\\u00e9, {\\"b\\": 1}"',
      '}',
    ]);
  });
  it('takes single values, and refuses what is not JSON', () => {
    expect(prettyJson(' true ')).toEqual(['true']);
    expect(prettyJson('{"a":}')).toBeNull();
    expect(prettyJson('')).toBeNull();
  });
  it('keeps all characters of a large document', () => {
    const text = JSON.stringify(Array.from({ length: 5000 }, (_, i) => ({ i, s: `é"\\${i}`, n: null })));
    expect(JSON.parse((prettyJson(text) ?? []).join('\n'))).toEqual(JSON.parse(text));
  });
});

describe('prettyMsgpack', () => {
  it('shows what JSON does not have in words', () => {
    expect(prettyMsgpack(Uint8Array.of(0x82, 0xa1, 0x6b, 0xc4, 1, 255, 0x05, 0xd4, 7, 1))).toEqual([
      '{',
      '  "k": "binary ff",',
      '  "5": "extension 7: 01"',
      '}',
    ]);
  });
});

describe('hex', () => {
  it('shows offset, bytes and printable characters', () => {
    const bytes = Uint8Array.from({ length: 20 }, (_, i) => 0x3c + i * 12);
    expect(hexRows(bytes)).toBe(2);
    expect(hexRow(bytes, 0)).toBe('00000000  3c 48 54 60 6c 78 84 90  9c a8 b4 c0 cc d8 e4 f0  <HT`lx..........');
    expect(hexRow(bytes, 1)).toBe('00000010  fc 08 14 20                                       ... ');
  });
});

describe('viewsOf', () => {
  it('offers the best first', () => {
    expect(viewsOf(utf8('{"a":1}'), '{"a":1}')).toEqual(['json', 'text', 'hex']);
    expect(viewsOf(utf8('hello'), 'hello')).toEqual(['text', 'hex']);
    expect(viewsOf(Uint8Array.of(0x81, 0xa1, 0x61, 1), null)).toEqual(['msgpack', 'hex']);
    expect(viewsOf(Uint8Array.of(0xff, 0xfe), null)).toEqual(['hex']);
  });
});

describe('tokens', () => {
  it('lose nothing, whatever the line', () => {
    for (const line of [
      '  "key": "va\\"lue",',
      '  "n": -1.5e+3,',
      '"unclosed',
      '<script>alert(1)</script>',
      'true,',
      '  ],',
      'nulltrue-"',
    ]) {
      expect(
        tokens(line)
          .map((x) => x.text)
          .join(''),
      ).toBe(line);
    }
  });
  it('tell keys from values', () => {
    expect(tokens('"a": "b"').map((x) => x.kind)).toEqual(['key', 'mark', 'mark', 'string']);
    expect(tokens('"a": null').at(-1)).toEqual({ kind: 'word', text: 'null' });
  });
});

describe('a new payload', () => {
  it('is checked as what it is said to be', () => {
    expect(payloadProblem('json', '{"a":')).not.toBe('');
    expect(payloadProblem('json', '')).toBe('');
    expect(payloadProblem('base64', '!!')).not.toBe('');
    expect(payloadProblem('text', '{"a":')).toBe('');
    expect(guessForm('[1]')).toBe('json');
    expect(guessForm('hello')).toBe('text');
  });
  it('goes as the text it is', () => {
    expect(payloadBody('json', '{"n":1.0}')).toEqual({ payload: '{"n":1.0}' });
    expect(payloadBody('base64', 'AA\n==')).toEqual({ payload_base64: 'AA==' });
    expect([...fromBase64('AP8=')]).toEqual([0, 255]);
  });
});
