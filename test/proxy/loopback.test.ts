// Which addresses are this machine: what looks like loopback and is not must not count.
import t from 'tap'
import { isAcceptableUrl, isLoopbackHost } from '../../proxy/loopback.js'

void t.test('loopback is loopback in every spelling of a URL, and nothing else is', (t) => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost'])
    t.ok(isLoopbackHost(host), host)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', 'localhost.example']) {
    t.notOk(isLoopbackHost(host), host)
  }
  for (const url of [
    'https://a.example',
    'http://127.1/',
    'http://0x7f000001',
    'http://[::1]:80',
  ]) {
    t.ok(isAcceptableUrl(url), url)
  }
  const not = ['http://a.example', 'ftp://127.0.0.1', 'https://user:secret@a.example', 'x', '']
  for (const url of [...not, 'http://127.0.0.1@a.example', 'http://[::ffff:8.8.8.8]']) {
    t.notOk(isAcceptableUrl(url), url)
  }
  t.end()
})
