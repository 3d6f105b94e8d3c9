/** Reads the service's highlight (escaped text with `<mark>`) into plain pieces, without ever parsing HTML. */

export type Piece = { text: string; isMatch: boolean }

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'" }

export function readHighlight(highlight: string): Piece[] {
  const pieces: Piece[] = []
  let isMatch = false
  for (const part of highlight.split(/(<\/?mark>)/)) {
    if (part === '<mark>' || part === '</mark>') isMatch = part === '<mark>'
    else if (part) pieces.push({ text: readEntities(part), isMatch })
  }
  return pieces
}

function readEntities(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39|#x27);/g, (whole, name: string) => ENTITIES[name] ?? whole)
}
