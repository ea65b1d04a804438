// The cookies of the console: out of reach of scripts, other sites and, where there is TLS, other hosts.
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { cookiesFor } from '../../../proxy/web/cookies.js'

const ID = 'a'.repeat(43)
const with_ = (cookie?: string): FastifyRequest => ({ headers: { cookie } }) as FastifyRequest

t.test('over TLS no other host can set them, and they never travel in clear', async (t) => {
  const { line, gone } = cookiesFor(true)
  const attributes = /^__Host-sallyport=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/
  t.match(line('session', ID), attributes)
  t.match(line('login', ID), /^__Host-sallyport-login=.*; SameSite=Lax; Secure$/)
  t.notMatch(line('session', ID), /Domain/i)
  t.match(gone('session'), /^__Host-sallyport=; .*Max-Age=0$/)
  t.match(line('session', ID, 60_500), /; Max-Age=60$/)
})

t.test('only what is plainly ours is read', async (t) => {
  const { read } = cookiesFor(true)
  t.equal(read(with_(`x=1; __Host-sallyport=${ID}; y=2`), 'session'), ID)
  for (const cookie of [
    undefined,
    '',
    `sallyport=${ID}`,
    `__host-sallyport=${ID}`,
    `__Host-sallyport=${ID}x`,
    `__Host-sallyport="${ID}"`,
    `__Host-sallyport= ${ID}`,
    `__Host-sallyport=${ID.slice(1)}é`,
    `__Host-sallyport=${ID}; __Host-sallyport=${ID}`,
    `__Host-sallyport=; __Host-sallyport=${ID}`,
    `__Host-sallyport-login=${ID}`,
  ]) {
    t.equal(read(with_(cookie), 'session'), undefined, String(cookie))
  }
})

t.test('cookies that a neighbour sets under another name change nothing', async (t) => {
  const { read } = cookiesFor(true)
  const tossed = `sallyport=${'b'.repeat(43)}; __Host-sallyport=${ID}; __Secure-sallyport=c`
  t.equal(read(with_(tossed), 'session'), ID)
})
