import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { DEFAULT_MEDIA_CONTENT_TYPES } from '../../config'
import { newId } from '../../kernel/ids'
import { isMediaKey, looksLike, mediaKeyOf, planUpload } from './rules'

const ascii = (text: string) => new TextEncoder().encode(text)
const join = (...parts: (number[] | string)[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...ascii(part)] : part)))
const ftyp = (major: string, ...others: string[]) =>
  join([0, 0, 0, 16 + 4 * others.length], 'ftyp', major, [0, 0, 0, 0], ...others, 'mdat')

const SAMPLES: [string, Uint8Array][] = [
  ['image/jpeg', join([0xff, 0xd8, 0xff, 0xe0], 'JFIF')],
  ['image/png', join([0x89], 'PNG\r\n', [0x1a, 0x0a, 0, 0])],
  ['image/gif', ascii('GIF89a....')],
  ['image/gif', ascii('GIF87a....')],
  ['image/webp', join('RIFF', [1, 2, 3, 4], 'WEBPVP8 ')],
  ['image/avif', ftyp('avif', 'mif1')],
  ['image/avif', ftyp('mif1', 'avif')],
  ['video/mp4', ftyp('isom', 'mp42')],
  ['video/mp4', ftyp('mp42')],
  ['video/quicktime', ftyp('qt  ')],
  ['video/quicktime', join([0, 0, 0, 8], 'moov', [0, 0])],
  ['video/webm', join([0x1a, 0x45, 0xdf, 0xa3, 0x42, 0x82, 0x84], 'webm')],
]

describe('looksLike', () => {
  test.each(SAMPLES)('knows %s by its first bytes', (type, bytes) => {
    expect(looksLike(type, bytes)).toBe(true)
  })
  test.each(SAMPLES)('takes a sample of %s for nothing else', (type, bytes) => {
    const others = DEFAULT_MEDIA_CONTENT_TYPES.filter((other) => other !== type)
    expect(others.filter((other) => looksLike(other, bytes))).toEqual([])
  })
  test.each([
    '<svg xmlns="http://www.w3.org/2000/svg">',
    '<!doctype html><script>',
    'PK\u0003\u0004',
    '%PDF-1.7',
    '',
  ])('takes "%s" for no medium', (text) => {
    expect(DEFAULT_MEDIA_CONTENT_TYPES.filter((type) => looksLike(type, ascii(text)))).toEqual([])
  })
  test('knows every allowed type', () => {
    expect(new Set(SAMPLES.map(([type]) => type))).toEqual(new Set(DEFAULT_MEDIA_CONTENT_TYPES))
  })
  test('answers for any bytes, and never yes to an unknown type', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, isBox) => {
        const start = isBox ? join([...bytes.subarray(0, 4)], 'ftyp', [...bytes]) : bytes
        for (const type of DEFAULT_MEDIA_CONTENT_TYPES) looksLike(type, start)
        expect(looksLike('image/svg+xml', start)).toBe(false)
        expect(looksLike('constructor', start)).toBe(false)
      }),
    )
  })
  test('reads a view into a larger buffer from where it starts', () => {
    const whole = join('........', [...ftyp('avif')])
    expect(looksLike('image/avif', whole.subarray(8))).toBe(true)
  })
})

describe('keys and plans', () => {
  test('a key names its owner, and only such keys are keys', () => {
    const [user, upload] = [newId(), newId()]
    expect(isMediaKey(mediaKeyOf(user, upload))).toBe(true)
    expect(mediaKeyOf(user, upload)).toStartWith(`media/${user}/`)
    for (const text of [
      '',
      'media/a/b',
      `/media/${user}/${upload}`,
      `media/${user}/${upload}/x`,
      `media/${user}/..`,
    ]) {
      expect(isMediaKey(text)).toBe(false)
    }
  })
  const limits = { allowedTypes: ['image/png'], sizeBytesMax: 10 }
  test('takes the type in any case', () => {
    expect(planUpload({ content_type: ' Image/PNG ', size: 10 }, limits)).toEqual({
      contentType: 'image/png',
      sizeBytes: 10,
    })
  })
  test.each([
    ['image/gif', 1, 'media_type_not_allowed'],
    ['image/png; charset=x', 1, 'media_type_not_allowed'],
    ['image/png', 11, 'media_too_large'],
  ])('refuses %s of %d bytes as %s', (content_type, size, code) => {
    expect(() => planUpload({ content_type, size }, limits)).toThrow(expect.objectContaining({ code }))
  })
})
