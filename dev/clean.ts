/** `make clean`: drops the data of `make dev`, in `.data/` and in Docker volumes. Stops nothing that runs. */

import { rmSync } from 'node:fs'
import { volumeName } from './containers.ts'
import { DATA_DIR, readHolder } from './data-folder.ts'
import { dockerAnswers, removeVolume } from './docker.ts'

const holder = readHolder(DATA_DIR)
if (holder) {
  console.error(`Process ${holder.pid} is using .data/; stop it first (Ctrl-C in its terminal).`)
  process.exit(1)
}
rmSync(DATA_DIR, { recursive: true, force: true })
if (await dockerAnswers()) {
  for (const piece of ['postgres', 'redis', 'minio'] as const) await removeVolume(volumeName(DATA_DIR, piece))
}
console.log('The data of make dev is gone.')
