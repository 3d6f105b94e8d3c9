/** Small files for the repository: 256 colours for stills (pngquant), WebP for the film (img2webp). */

/** Writes a picture with a palette, or as it is where pngquant is missing. */
export async function shrinkPng(png: Buffer, path: string): Promise<void> {
  await Bun.write(path, png)
  if (Bun.which('pngquant')) {
    await run(
      ['pngquant', '--force', '--skip-if-larger', '--speed', '1', '--output', path, '256', path],
      [98, 99],
    )
  }
  console.log(`${path.split('/').pop()}: ${Math.round(Bun.file(path).size / 1000)} KB`)
}

/** Joins pictures to a film that repeats for ever; `ms` is how long each one is shown. */
export async function writeFilm(
  frames: readonly { file: string; ms: number }[],
  path: string,
): Promise<void> {
  const parts = frames.flatMap(({ file, ms }) => ['-d', String(ms), '-lossy', '-q', '72', '-m', '6', file])
  await run(['img2webp', '-loop', '0', '-min_size', ...parts, '-o', path])
  console.log(`${path.split('/').pop()}: ${Math.round(Bun.file(path).size / 1000)} KB`)
}

async function run(command: string[], fineCodes: readonly number[] = []): Promise<void> {
  const child = Bun.spawn(command, { stdout: 'ignore', stderr: 'pipe' })
  const [code, text] = await Promise.all([child.exited, new Response(child.stderr).text()])
  if (code !== 0 && !fineCodes.includes(code)) throw new Error(`${command[0]} ended with ${code}: ${text}`)
}
