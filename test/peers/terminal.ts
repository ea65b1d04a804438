// A terminal in which the compiled `sallyport` is typed, beside gateways and servers that this process runs:
// it waits without holding them up.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { packageFolder } from '../../proxy/policies/scaffold/package-folder.js'

export type Typed = {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

export type Terminal = (...argv: readonly string[]) => Promise<Typed>

type Env = Readonly<Record<string, string | undefined>>

export function terminal(folder: string, env: Env): Terminal {
  const main = join(packageFolder('build'), 'proxy', 'main.js')
  return (...argv) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [main, ...argv], {
        cwd: folder,
        env: { ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let [out, err] = ['', '']
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
      child.once('error', reject)
      child.once('close', (status) => resolve({ status, out, err }))
    })
}
