// Witnesses for tests: one of our own that keeps to C2SP tlog-witness and can be told to lie or to be down,
// and litewitness, built by Go from filippo.io/torchwood, where Go and ssh-agent are there.
import { spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { cosignedText, cosignerId } from '../../proxy/recording/cosignature.js'
import { isConsistent } from '../../proxy/recording/proof-check.js'
import { readNote, verifierOf } from '../../proxy/recording/signed-note.js'

type T = { teardown: (fn: () => void | Promise<void>) => void }

export type OwnWitness = {
  readonly key: string
  readonly url: string
  // What it answers in place of the truth, while it is set.
  answer:
    ((body: string) => { status: number; type?: string; body: string } | undefined) | undefined
  readonly seen: () => number
  readonly questions: () => number
  readonly forget: () => void
}

export async function startWitness(t: T, logKey: () => string, name: string): Promise<OwnWitness> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const id = cosignerId(name, raw)
  let last: { size: number; root: Buffer } = { size: 0, root: Buffer.alloc(0) }
  let questions = 0
  const answerTo = (text: string): { status: number; type?: string; body: string } => {
    const split = text.indexOf('\n\n')
    const [old = '', ...proof] = text.slice(0, split).split('\n')
    const note = readNote(text.slice(split + 2))
    const [, size] = /^old (0|[1-9]\d*)$/.exec(old) ?? []
    if (note === undefined || size === undefined) return { status: 400, body: 'malformed' }
    if (!verifierOf(logKey()).verifies(note)) return { status: 403, body: 'unknown key' }
    const { checkpoint } = note
    if (Number(size) > checkpoint.size) return { status: 400, body: 'old size' }
    if (Number(size) !== last.size) {
      return { status: 409, type: 'text/x.tlog.size', body: `${last.size}\n` }
    }
    if (last.size > 0 && last.size === checkpoint.size && !last.root.equals(checkpoint.root)) {
      return { status: 409, type: 'text/x.tlog.size', body: `${last.size}\n` }
    }
    const path = proof.map((line) => Buffer.from(line, 'base64'))
    if (last.size > 0 && !isConsistent(last, checkpoint, path)) {
      return { status: 422, body: 'no proof' }
    }
    if (last.size === 0 && path.length > 0) return { status: 422, body: 'a proof from nothing' }
    last = { size: checkpoint.size, root: checkpoint.root }
    const time = BigInt(Math.floor(Date.now() / 1000))
    const stamp = Buffer.alloc(8)
    stamp.writeBigUInt64BE(time)
    const signature = sign(null, Buffer.from(cosignedText(time, note.text)), privateKey)
    return {
      status: 200,
      body: `— ${name} ${Buffer.concat([id, stamp, signature]).toString('base64')}\n`,
    }
  }
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      questions += 1
      const text = Buffer.concat(pieces).toString()
      const answer = witness.answer?.(text) ?? answerTo(text)
      response.writeHead(answer.status, { 'content-type': answer.type ?? 'text/plain' })
      response.end(answer.body)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => void server.closeAllConnections())
  t.teardown(() => void server.close())
  const { port } = server.address() as AddressInfo
  const witness: OwnWitness = {
    key: `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.of(4), raw]).toString('base64')}`,
    url: `http://127.0.0.1:${port}`,
    answer: undefined,
    seen: () => last.size,
    questions: () => questions,
    forget: () => {
      last = { size: 0, root: Buffer.alloc(0) }
    },
  }
  return witness
}

const GO_TOOLS = join(tmpdir(), 'sallyport-go-tools')
const LITEWITNESS = 'filippo.io/torchwood/cmd/litewitness@v0.9.0'

// Why it cannot be had here; otherwise it is built.
export function missingLitewitness(): string | false {
  if (existsSync(join(GO_TOOLS, 'litewitness'))) return false
  if (spawnSync('ssh-agent', ['-h']).error !== undefined) return 'litewitness needs ssh-agent'
  mkdirSync(GO_TOOLS, { recursive: true })
  const built = spawnSync('go', ['install', LITEWITNESS], {
    env: { ...process.env, GOBIN: GO_TOOLS },
    timeout: 280_000,
  })
  return built.status === 0 ? false : `${LITEWITNESS} cannot be built by Go here`
}

// The real one: its key lives in an ssh-agent, what it knows of logs in SQLite.
export async function startLitewitness(
  t: T,
  log: { readonly origin: string; readonly key: string },
): Promise<{ readonly key: string; readonly url: string }> {
  const home = mkdtempSync(join(tmpdir(), 'sp-lw-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  const [socket, key, db] = ['agent', 'key', 'witness.db'].map((file) => join(home, file))
  if (socket === undefined || key === undefined || db === undefined) throw new Error('no names')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
  t.teardown(() => void agent.kill())
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  await until(() => existsSync(socket))
  spawnSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
  const listed = spawnSync('ssh-add', ['-l'], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
  const print = /SHA256:\S+/.exec(listed.stdout.toString())?.[0] ?? ''
  const port = await freePort()
  const child = spawn(
    join(GO_TOOLS, 'litewitness'),
    ['-name', 'witness.example/w1', '-ssh-agent', socket, '-key', print, '-db', db].concat([
      '-listen',
      `127.0.0.1:${port}`,
    ]),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  t.teardown(async () => {
    const ended = new Promise((resolve) => child.on('close', resolve))
    child.kill()
    await ended
  })
  let said = ''
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
  await until(() => /vkey=\S+/.test(said))
  const store = new Database(db)
  const empty = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
  store.prepare('INSERT INTO log VALUES (?, 0, ?)').run(log.origin, empty)
  store.prepare('INSERT INTO key VALUES (?, ?)').run(log.origin, log.key)
  store.close()
  const verifierKey = /vkey="?([^\s"]+)/.exec(said)?.[1] ?? ''
  return { key: verifierKey, url: `http://127.0.0.1:${port}` }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1_500 && !what(); i += 1) await new Promise((done) => setTimeout(done, 20))
  if (!what()) throw new Error('the witness did not come up')
}
