// What names say: in several languages and ways of writing, and what only sounds like it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { wordsOf } from '../../../proxy/labels/column-words.js'
import { nameEvidence, namesInTable, type TypeFamily } from '../../../proxy/labels/name-evidence.js'
import { REPOSITORY } from '../../peers/gateway-config.js'

t.test('names fall apart into words however they are written', async (t) => {
  t.same(wordsOf('customerEMailAddresses'), ['customer', 'e', 'mail', 'address'])
  t.same(wordsOf('HTTPServer_ID2'), ['http', 'server', 'id', '2'])
  t.same(wordsOf('Straße-Nr.'), ['strasse', 'nr'])
  t.same(wordsOf('prénom'), ['prenom'])
  t.same(wordsOf('companies'), ['company'])
  t.same(wordsOf('status'), ['status'])
  t.same(wordsOf('"; DROP\n'), ['drop'])
  t.same(wordsOf('💳'), [])
})

t.test('clear names are told from vague ones', async (t) => {
  const clear: readonly (readonly [string, string, TypeFamily?])[] = [
    ['ssn', 'ssn'],
    ['socialSecurityNumber', 'ssn'],
    ['e_mail', 'email'],
    ['ContactEmails', 'email'],
    ['mobile', 'phone'],
    ['cc_number', 'card'],
    ['CreditCard', 'card', 'number'],
    ['iban', 'iban'],
    ['passport_no', 'passport'],
    ['dob', 'birth_date', 'date'],
    ['base_salary', 'salary', 'number'],
    ['api_key', 'secret'],
    ['passwordHash', 'secret'],
    ['home_address', 'address'],
    ['firstName', 'name'],
    ['middlename', 'name'],
    ['geburtsdatum', 'birth_date', 'date'],
    ['kundentelefon', 'phone'],
    ['mot_de_passe', 'secret'],
    ['codice_fiscale', 'national_id'],
    ['notes', 'free_text'],
    ['Bemerkungen', 'free_text'],
  ]
  for (const [name, kind, family = 'text'] of clear) {
    t.match(nameEvidence(name, family, ''), { kind, clear: true }, name)
  }
  t.match(nameEvidence('description', 'text', ''), { kind: 'free_text', clear: false })
  t.match(nameEvidence('pan', 'number', ''), { kind: 'card', clear: false })
})

t.test('what is about a value, or of a type that cannot hold it, says nothing', async (t) => {
  for (const name of [
    ...['email_verified', 'address_id', 'card_last4', 'token_count', 'phone_type', 'card_brand'],
    ...['password_changed_at', 'product_name', 'company', 'capacity', 'panel', 'notice', 'dobson'],
    ...['', '_', '""', 'postgres', 'secretary', 'faxes_count', 'order_number'],
  ]) {
    t.equal(nameEvidence(name, 'text', '')?.clear ?? false, false, name)
  }
  t.equal(nameEvidence('email', 'neutral', ''), undefined)
  t.equal(nameEvidence('email', 'date', ''), undefined)
  t.equal(nameEvidence('salary', 'date', ''), undefined)
})

t.test('in a table of people a name, a city and a year of birth are theirs', async (t) => {
  const columns = ['name', 'city', 'age', 'sku'].map((name) => ({ name, family: 'text' as const }))
  t.same(
    [...namesInTable('products', columns)].filter(([, one]) => one.clear),
    [],
  )
  t.same(
    [...namesInTable('customers', columns)].filter(([, one]) => one.clear).map(([name]) => name),
    ['name', 'city', 'age'],
  )
  const orders = ['ship_city', 'email', 'phone'].map((name) => ({ name, family: 'text' as const }))
  t.match(namesInTable('orders', orders).get('ship_city'), { clear: true, inTableOfPeople: true })
})

const FAMILIES: Readonly<Record<string, TypeFamily>> = {
  ...{ n: 'number', d: 'date', b: 'neutral', j: 'json', y: 'bytes', u: 'uuid', i: 'network' },
}

// How many columns of a set are sensitive, and how many were said to be, rightly or not.
function counted(set: string): {
  sensitive: number
  right: number
  hinted: number
  wrong: string[]
} {
  const counts = { sensitive: 0, right: 0, hinted: 0, wrong: [] as string[] }
  for (const line of set.split('\n').filter((one) => /^\w/.test(one))) {
    const [table = '', ...words] = line.split(' ')
    const columns = words.map((word) => {
      const [, plus, name = '', family = ''] = /^(\+?)(\w+):?(\w?)$/.exec(word) ?? []
      return { isSensitive: plus === '+', name, family: FAMILIES[family] ?? 'text' }
    })
    const found = namesInTable(table, columns)
    for (const { name, isSensitive } of columns) {
      const evidence = found.get(name)
      if (isSensitive) counts.sensitive += 1
      if (isSensitive && evidence !== undefined) counts.hinted += 1
      if (evidence?.clear !== true) continue
      if (isSensitive) counts.right += 1
      else counts.wrong.push(`${table}.${name}`)
    }
  }
  return counts
}

t.test(
  'of schemas that people know, names alone tell most, and seldom what is not so',
  async (t) => {
    const text = readFileSync(join(REPOSITORY, 'fixtures/labels/schemas.txt'), 'utf8')
    const [, ...sets] = text.split(/^# Set /m)
    t.equal(sets.length, 3)
    for (const set of sets) {
      const { sensitive, right, hinted, wrong } = counted(set)
      const precision = right / (right + wrong.length)
      t.comment(
        `${set.slice(0, set.indexOf(':'))}: recall ${right}/${sensitive}, with hints ${hinted}/${sensitive}, ` +
          `precision ${right}/${right + wrong.length}`,
      )
      t.ok(precision >= 0.95, `wrong: ${wrong.join(', ')}`)
      t.ok(right / sensitive >= 0.75 && hinted / sensitive >= 0.85)
    }
  },
)
