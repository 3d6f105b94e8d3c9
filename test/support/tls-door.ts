import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'

export type TlsDoor = Readonly<{ port: number; certificateFile: string; close(): void }>

/** Takes TLS for `localhost`, with a certificate that nobody knows yet, and passes what it hears to a plain port. */
export async function openTlsDoor(plainPort: number): Promise<TlsDoor> {
  const dir = mkdtempSync(join(tmpdir(), 'stories-tls-'))
  const keyFile = join(dir, 'key.pem')
  const certificateFile = join(dir, 'certificate.pem')
  makeCertificate(keyFile, certificateFile)
  const server = createServer(
    { key: readFileSync(keyFile), cert: readFileSync(certificateFile) },
    (caller) => {
      const plain = connect(plainPort, '127.0.0.1')
      caller.pipe(plain).pipe(caller)
      caller.on('error', () => plain.destroy())
      plain.on('error', () => caller.destroy())
    },
  )
  const { promise: listening, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await listening
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the door has no port')
  return {
    port: address.port,
    certificateFile,
    close() {
      server.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function makeCertificate(keyFile: string, certificateFile: string): void {
  const command =
    'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost'
  const made = Bun.spawnSync([...command.split(' '), '-keyout', keyFile, '-out', certificateFile])
  if (!made.success) throw new Error(`openssl made no certificate: ${made.stderr}`)
}
