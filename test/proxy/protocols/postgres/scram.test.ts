// The client's side of SCRAM-SHA-256, held against the example of RFC 7677 and against servers that lie.
import t from 'tap'
import { scramOf } from '../../../../proxy/protocols/postgres/scram.js'

// RFC 7677, section 3; there the user is named in the first message, PostgreSQL leaves it out.
const NONCE = 'rOprNGfwEbeRWgbNEkqO'
const SERVER_FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`

function client(offered = ['SCRAM-SHA-256'], binding?: Buffer) {
  return scramOf({ password: 'pencil', nonce: NONCE, offered, binding })
}

t.test('the messages are those of the specification', async (t) => {
  const scram = client()
  t.equal(scram.first, `n,,n=,r=${NONCE}`)
  const final = await scram.final(SERVER_FIRST)
  t.match(
    final,
    /^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/]{43}=$/,
  )
})

t.test('a server that does not know the password is not believed', async (t) => {
  const scram = client()
  await scram.final(SERVER_FIRST)
  t.throws(() => scram.verified('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='), {
    code: 'target_refused',
  })
  t.throws(() => scram.verified('e=other-error'), { code: 'target_refused' })
  t.throws(() => scram.verified('v='), { code: 'target_refused' })
  t.throws(() => client().verified('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='), {
    code: 'target_refused',
  })
})

t.test('a challenge with another nonce, few or endless iterations is refused', async (t) => {
  for (const first of [
    'r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    `r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`,
    `r=${NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1`,
    `r=${NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=999999999`,
    `r=${NONCE}x,s=,i=4096`,
    `r=${NONCE}x`,
    '',
  ]) {
    await t.rejects(client().final(first), { code: 'target_refused' }, first)
  }
})

t.test('the channel is bound where it can be, and a removed offer is found out', async (t) => {
  const binding = Buffer.alloc(32, 7)
  const bound = client(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], binding)
  t.equal(bound.mechanism, 'SCRAM-SHA-256-PLUS')
  t.match(bound.first, /^p=tls-server-end-point,,/)
  t.match(client(['SCRAM-SHA-256'], binding).first, /^y,,/)
  t.throws(() => client(['MD5']), { code: 'target_refused' })
  t.throws(() => client(['SCRAM-SHA-256-PLUS']), { code: 'target_refused' })
})
