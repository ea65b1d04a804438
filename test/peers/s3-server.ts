// A real server of the S3 protocol on loopback (versitygw, which checks every signature), over a folder.
// Found on the PATH or where .ci/run builds it; `missingS3` says so where it is not.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, TOOL_CACHE } from './gateway-config.js'

export type S3Server = {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly bucket: string
  // Where the objects lie as files.
  readonly folder: string
  readonly stop: () => Promise<void>
  // Again, on the same port and folder.
  readonly start: () => Promise<void>
  readonly remove: () => Promise<void>
}

const PROGRAM = ['versitygw', join(TOOL_CACHE, 'versitygw')].find(
  (path) => spawnSync(path, ['--version'], { stdio: 'ignore' }).status === 0,
)

export function missingS3(): string | false {
  return PROGRAM === undefined && 'no S3 server: versitygw is not installed'
}

export async function startS3(): Promise<S3Server> {
  if (PROGRAM === undefined) throw new Error('versitygw is not installed')
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-s3-'))
  const folder = join(directory, 'objects')
  const bucket = 'recordings'
  mkdirSync(join(folder, bucket), { recursive: true })
  const port = await freePort()
  const [accessKeyId, secretAccessKey] = ['testkey', 'a secret for tests alone']
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = spawn(
      PROGRAM,
      [
        '--port',
        `127.0.0.1:${port}`,
        '--access',
        accessKeyId,
        '--secret',
        secretAccessKey,
        'posix',
        folder,
      ],
      { stdio: 'ignore' },
    )
    await accepting(port)
  }
  const stop = async (): Promise<void> => {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null) return
    const gone = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGTERM')
    await gone
  }
  await start()
  return {
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId,
    secretAccessKey,
    bucket,
    folder: join(folder, bucket),
    start,
    stop,
    remove: async () => {
      await stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function accepting(port: number): Promise<void> {
  const end = Date.now() + 60_000
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ host: '127.0.0.1', port }, () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
    if (open) return
    if (Date.now() > end) throw new Error('the S3 server did not start')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
