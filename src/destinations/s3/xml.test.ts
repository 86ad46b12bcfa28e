import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseXml, XmlError } from './xml.ts';

describe('parseXml', () => {
  it('reads elements, text, attributes, empty elements and namespace prefixes', () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<s3:A xmlns:s3="http://x/" b='1'><C/> <D x="y">1&lt;2</D></s3:A>\n`;
    expect(parseXml(xml)).toEqual({
      name: 'A',
      text: ' ',
      children: [
        { name: 'C', text: '', children: [] },
        { name: 'D', text: '1<2', children: [] },
      ],
    });
  });

  it('decodes named, decimal and hexadecimal references', () => {
    expect(parseXml('<a>&amp;&lt;&gt;&quot;&apos;&#65;&#x1F600;z</a>').text).toBe(`&<>"'A\u{1F600}z`);
  });

  it('accepts a root without content', () => {
    expect(parseXml('<a/>')).toEqual({ name: 'a', text: '', children: [] });
  });

  it.each([
    ['nothing', ''],
    ['blanks', '  \n'],
    ['plain text', 'OK'],
    ['a web page', '<!DOCTYPE html><html><body>Sign in</body></html>'],
    ['an entity declaration', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['an unknown entity', '<a>&nbsp;</a>'],
    ['a bare ampersand', '<a>b & c</a>'],
    ['a reference to no character', '<a>&#x110000;</a>'],
    ['a cut-off element', '<a><b>'],
    ['a cut-off tag', '<a><b'],
    ['crossed elements', '<a><b></a></b>'],
    ['an end without a beginning', '</a>'],
    ['two roots', '<a/><b/>'],
    ['text after the root', '<a/>b'],
    ['a comment', '<a><!-- b --></a>'],
    ['CDATA', '<a><![CDATA[b]]></a>'],
    ['elements nested too deep', '<a>'.repeat(9) + '</a>'.repeat(9)],
  ])('refuses %s', (_, xml) => {
    expect(() => parseXml(xml)).toThrow(XmlError);
  });

  it('throws nothing but XmlError, on any text', () => {
    const piece = fc.constantFrom(
      '<a>',
      '</a>',
      '<b/>',
      '<a',
      '&amp;',
      '&#1;',
      '&',
      ' ',
      'x',
      '>',
      '"',
      '<?xml ?>',
      '\0',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (text) => {
          try {
            expect(typeof parseXml(text).name).toBe('string');
          } catch (error) {
            expect(error).toBeInstanceOf(XmlError);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
