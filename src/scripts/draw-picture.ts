import { deflateSync } from 'node:zlib'

/** Small pictures made of two colours, as PNG files (W3C PNG, third edition). */

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const TRUECOLOUR_8_BIT = [8, 2, 0, 0, 0]

/**
 * A picture that goes from one colour at the top to another at the bottom, with a lighter disc.
 *
 * @param top, bottom `#rrggbb`
 * @returns the bytes of a PNG file
 */
export function drawPicture(top: string, bottom: string, width = 270, height = 480): Uint8Array<ArrayBuffer> {
  const from = channelsOf(top)
  const to = channelsOf(bottom)
  const rows = Buffer.alloc(height * (1 + width * 3))
  const disc = { x: width * 0.68, y: height * 0.3, radius: width * 0.17 }
  let at = 0
  for (let y = 0; y < height; y++) {
    rows[at++] = 0
    for (let x = 0; x < width; x++) {
      const isInDisc = Math.hypot(x - disc.x, y - disc.y) < disc.radius
      for (let channel = 0; channel < 3; channel++) {
        const start = from[channel] ?? 0
        const colour = start + (((to[channel] ?? 0) - start) * y) / height
        rows[at++] = Math.round(isInDisc ? colour + (255 - colour) * 0.7 : colour)
      }
    }
  }
  const size = Buffer.alloc(8)
  size.writeUInt32BE(width, 0)
  size.writeUInt32BE(height, 4)
  const header = chunk('IHDR', Buffer.concat([size, Buffer.from(TRUECOLOUR_8_BIT)]))
  return new Uint8Array(
    Buffer.concat([SIGNATURE, header, chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]),
  )
}

const channelsOf = (colour: string): number[] =>
  [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16))

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(Bun.hash.crc32(body), body.length + 4)
  return framed
}
