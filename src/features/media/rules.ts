import { invalidField } from '../../kernel/errors'

/** Which uploads are acceptable, and whether bytes are what their type says. */

export type UploadInput = Readonly<{ content_type: string; size: number }>
export type UploadPlan = Readonly<{ contentType: string; sizeBytes: number }>

/** @throws AppError `media_type_not_allowed`, `media_too_large` */
export function planUpload(
  input: UploadInput,
  limits: { allowedTypes: readonly string[]; sizeBytesMax: number },
): UploadPlan {
  const contentType = input.content_type.trim().toLowerCase()
  if (!limits.allowedTypes.includes(contentType)) {
    throw invalidField(
      'content_type',
      `must be one of ${limits.allowedTypes.join(', ')}`,
      'media_type_not_allowed',
    )
  }
  if (input.size > limits.sizeBytesMax) {
    throw invalidField('size', `must be at most ${limits.sizeBytesMax} bytes`, 'media_too_large')
  }
  return { contentType, sizeBytes: input.size }
}

const MEDIA_KEY = /^media\/[0-9a-f-]{36}\/[0-9a-f-]{36}$/

/** A key names its owner first, so that a bucket can be looked through by hand. */
export const mediaKeyOf = (userId: string, uploadId: string): string => `media/${userId}/${uploadId}`

export const isMediaKey = (text: string): boolean => MEDIA_KEY.test(text)

const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...bytes.subarray(from, Math.min(to, bytes.length)))

const startsWith = (bytes: Uint8Array, ...start: number[]): boolean =>
  start.every((byte, i) => bytes[i] === byte)

/** The brands of an ISO base media file (ISO/IEC 14496-12, section 4.3), or null when it is none. */
function isoBrands(bytes: Uint8Array): string[] | null {
  if (ascii(bytes, 4, 8) !== 'ftyp') return null
  const length = Math.min(new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0), bytes.length, 256)
  const brands = [ascii(bytes, 8, 12)]
  for (let at = 16; at + 4 <= length; at += 4) brands.push(ascii(bytes, at, at + 4))
  return brands
}

const AVIF_BRANDS = ['avif', 'avis']
const STILL_BRANDS = [...AVIF_BRANDS, 'heic', 'heix', 'mif1', 'msf1']
const QUICKTIME_ATOMS = ['moov', 'mdat', 'wide', 'free', 'skip', 'pnot']

/** For each type, what its first bytes look like (WHATWG MIME Sniffing, and the formats' own documents). */
const SIGNATURES = new Map<string, (bytes: Uint8Array) => boolean>(
  Object.entries({
    'image/jpeg': (bytes: Uint8Array) => startsWith(bytes, 0xff, 0xd8, 0xff),
    'image/png': (bytes: Uint8Array) => startsWith(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    'image/gif': (bytes: Uint8Array) => ['GIF87a', 'GIF89a'].includes(ascii(bytes, 0, 6)),
    'image/webp': (bytes: Uint8Array) => ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP',
    'image/avif': (bytes: Uint8Array) =>
      isoBrands(bytes)?.some((brand) => AVIF_BRANDS.includes(brand)) ?? false,
    'video/mp4': (bytes: Uint8Array) => {
      const brands = isoBrands(bytes)
      return brands !== null && brands[0] !== 'qt  ' && !STILL_BRANDS.includes(brands[0] ?? '')
    },
    'video/quicktime': (bytes: Uint8Array) =>
      isoBrands(bytes)?.includes('qt  ') ?? QUICKTIME_ATOMS.includes(ascii(bytes, 4, 8)),
    'video/webm': (bytes: Uint8Array) =>
      startsWith(bytes, 0x1a, 0x45, 0xdf, 0xa3) && ascii(bytes, 0, 256).includes('webm'),
  }),
)

/** Whether an object's first bytes are what its content type says. */
export const looksLike = (contentType: string, firstBytes: Uint8Array): boolean =>
  firstBytes.length >= 4 && (SIGNATURES.get(contentType)?.(firstBytes) ?? false)
