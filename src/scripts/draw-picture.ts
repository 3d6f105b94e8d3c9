import { deflateSync } from 'node:zlib'

/** Small pictures made of two colours, as PNG files (W3C PNG, third edition). */

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const TRUECOLOUR_8_BIT = [8, 2, 0, 0, 0]

/**
 * A landscape in two colours: a sky, a sun, and hills in front of each other.
 *
 * @param top, bottom `#rrggbb`
 * @returns the bytes of a PNG file
 */
export function drawPicture(top: string, bottom: string, width = 360, height = 640): Uint8Array<ArrayBuffer> {
  const sky = channelsOf(top)
  const ground = channelsOf(bottom)
  const rows = Buffer.alloc(height * (1 + width * 3))
  const sun = { x: width * 0.66, y: height * 0.34, radius: width * 0.16 }
  let at = 0
  for (let y = 0; y < height; y++) {
    rows[at++] = 0
    for (let x = 0; x < width; x++) {
      const sunlight = clamp(sun.radius - Math.hypot(x - sun.x, y - sun.y)) * 0.85
      const hills = HILLS.map((hill) => clamp(y - height * hillTop(hill, x / width)))
      for (let channel = 0; channel < 3; channel++) {
        const from = sky[channel] ?? 0
        const to = ground[channel] ?? 0
        let colour = mix(from, to, (y / height) * 0.75)
        colour = mix(colour, 255, sunlight)
        HILLS.forEach((hill, i) => {
          colour = mix(colour, mix(from, to, 0.7) * hill.shade, hills[i] ?? 0)
        })
        rows[at++] = Math.round(colour)
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

const HILLS = [
  { level: 0.62, swing: 0.05, waves: 1.1, shift: 0.4, shade: 0.85 },
  { level: 0.73, swing: 0.06, waves: 0.8, shift: 2.1, shade: 0.62 },
  { level: 0.86, swing: 0.04, waves: 1.4, shift: 4.2, shade: 0.4 },
] as const

const hillTop = (hill: (typeof HILLS)[number], x: number): number =>
  hill.level + hill.swing * Math.sin(hill.shift + x * hill.waves * 2 * Math.PI)

/** From 0 to 1 over one pixel, so that edges are smooth. */
const clamp = (distance: number): number => Math.min(1, Math.max(0, distance + 0.5))

const mix = (from: number, to: number, share: number): number => from + (to - from) * share

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
