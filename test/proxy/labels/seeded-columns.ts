// A table of columns with made-up values and what each of them holds: sensitive ones under clear, vague and
// misleading names, and traps that only look like it. The same values each time.
import { createHash } from 'node:crypto'
import { passesLuhn } from '../../../proxy/labels/value-patterns.js'

export type SeededColumn = {
  readonly name: string
  readonly type: string
  readonly value: (row: number) => unknown
  // Labels that it should have; [] for a trap.
  readonly labels: readonly string[]
}

// Published for tests; none is anybody's.
const CARDS = [
  ...['4111111111111111', '5555555555554444', '378282246310005', '6011111111111117'],
  ...['3530111333300000', '4012888888881881', '5105105105105100', '2223003122003222'],
]

export function digest(text: string, length = 64): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}

function digits(text: string, length: number): string {
  return [...digest(text)]
    .map((one) => Number.parseInt(one, 16) % 10)
    .join('')
    .slice(0, length)
}

function card(row: number): string {
  const known = CARDS[row % 10]
  if (known !== undefined) return known
  const first = `4000${digits(`card ${row}`, 11)}`
  return [...'0123456789'].map((last) => first + last).find(passesLuhn) ?? first
}

// Withdrawn by the Social Security Administration after advertisements had printed them: nobody has them.
const SSNS = [
  ...['078-05-1120', '219-09-9999', '002-28-1852', '042-10-3580', '062-36-0749', '095-07-3645'],
  ...['128-03-6045', '135-01-6629', '141-18-6941', '165-16-7999', '165-18-7999', '165-20-7999'],
  ...['165-22-7999', '165-24-7999', '189-09-2294', '212-09-7694', '212-09-9999', '306-30-2348'],
  ...['308-12-5070', '468-28-8779', '549-24-1889'],
]

function ssn(row: number): string {
  return SSNS[row % SSNS.length] ?? ''
}

function iban(row: number): string {
  const account = digits(`iban ${row}`, 18)
  const rest = [...`${account}131400`].reduce((sum, one) => (sum * 10 + Number(one)) % 97, 0)
  return `DE${String(98 - rest).padStart(2, '0')}${account}`
}

const email = (row: number): string => `person${row}.${digest(`e${row}`, 5)}@mail${row % 7}.example`
const phone = (row: number): string => `+49 30 ${digits(`phone ${row}`, 7)}`
const phrase = (row: number): string =>
  `the parcel was left with a neighbour, number ${row} of the list`
const written = (row: number): string =>
  row % 9 === 0 ? `please write to ${email(row + 5000)} about the order` : phrase(row)
const cased = (row: number, words: readonly string[]): string => words[row % words.length] ?? ''
const names = ['Ada', 'Grace', 'Barbara', 'Radia', 'Jörg', 'Zoë', 'Łucja', 'Søren']
const key = (row: number): string => ['sk', 'live', digest(`key ${row}`, 30)].join('_')
const jwt = (row: number): string =>
  ['{"alg":"none"}', `{"sub":"${digest(`jwt ${row}`, 12)}"}`, digest(`sign ${row}`)]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
const bcrypt = (row: number): string => `$2b$12$${digest(`bcrypt ${row}`, 53)}`
const pem = (row: number): string => `-----BEGIN RSA ${'PRIVATE'} KEY-----\n${digest(`pem ${row}`)}`

const pii = (kind: string): readonly string[] => ['pii', `pii.${kind}`]
const at = (
  name: string,
  type: string,
  value: SeededColumn['value'],
  labels: readonly string[] = [],
): SeededColumn => ({ name, type, value, labels })

export const SEEDED: readonly SeededColumn[] = [
  // Names and values agree.
  at('tax_ssn', 'text', ssn, pii('ssn')),
  at('EmailAddress', 'varchar(200)', email, pii('email')),
  at('credit_card', 'text', (row) => card(row).replace(/(.{4})(?=.)/g, '$1 '), pii('card')),
  at('pan', 'bigint', card, pii('card')),
  at('iban', 'text', iban, pii('iban')),
  at('phone_number', 'text', phone, pii('phone')),
  at('password_hash', 'text', bcrypt, ['secret']),
  at('apiKey', 'text', key, ['secret']),
  at('session_token', 'text', jwt, ['secret']),
  // Names alone.
  at('social_security', 'int', (row) => 900_000_000 + row * 977, pii('ssn')),
  at('Mobilnummer', 'text', (row) => `0171 ${digits(`m${row}`, 7)}`, pii('phone')),
  at('kundentelefon', 'text', (row) => `030/${digits(`t${row}`, 6)}`, pii('phone')),
  at(
    'geburtsdatum',
    'date',
    (row) => `19${60 + (row % 40)}-0${1 + (row % 9)}-11`,
    pii('birth_date'),
  ),
  at('date_de_naissance', 'date', () => '1980-05-04', pii('birth_date')),
  at('dob', 'text', (row) => `04.05.19${60 + (row % 40)}`, pii('birth_date')),
  at('vorname', 'text', (row) => cased(row, names), pii('name')),
  at('Nachname', 'text', (row) => `Muster${digest(`n${row}`, 6)}`, pii('name')),
  at('prénom', 'text', (row) => cased(row, names), pii('name')),
  at('full_name', 'text', (row) => `${cased(row, names)} ${digest(`f${row}`, 6)}`, pii('name')),
  at('straße', 'text', (row) => `Hauptstr. ${digest(`s${row}`, 5)}`, pii('address')),
  at('Lieferadresse', 'text', (row) => `Am Markt ${digest(`l${row}`, 5)}`, pii('address')),
  at('home_address', 'text', (row) => `${row} Any Street`, pii('address')),
  at('base_salary', 'numeric', (row) => 30_000 + row * 13, ['confidential']),
  at('gehalt', 'int', (row) => 30_000 + row * 17, ['confidential']),
  at('mot_de_passe', 'text', (row) => digest(`mdp ${row}`, 20), ['secret']),
  at('passport_no', 'text', (row) => `C0${digest(`p${row}`, 7).toUpperCase()}`, pii('passport')),
  at('steuernummer', 'text', (row) => digits(`st${row}`, 11), pii('national_id')),
  at('notes', 'text', phrase, ['free_text']),
  at('bemerkung', 'text', (row) => `Rückruf erbeten wegen der Lieferung Nr. ${row}`, ['free_text']),
  at('commentaire', 'text', (row) => `appeler le client avant la visite ${row}`, ['free_text']),
  // Values alone.
  at('kontakt', 'text', email, pii('email')),
  at('zahlung', 'text', card, pii('card')),
  at('verbindung', 'text', (row) => iban(row + 999), pii('iban')),
  at('reference', 'text', (row) => ssn(row + 3), pii('ssn')),
  at('reach', 'text', (row) => (row % 4 === 0 ? null : phone(row + 99)), pii('phone')),
  at('setting', 'text', (row) => (row % 20 === 0 ? pem(row) : `mode-${row % 4}`), ['secret']),
  at('handover', 'text', written, ['free_text']),
  at('identifier', 'text', (row) => (row % 3 === 0 ? email(row) : `user${row}`), pii('email')),
  at('alternatives', 'text[]', (row) => [email(row + 700), email(row + 800)], pii('email')),
  at(
    'profile',
    'jsonb',
    (row) => ({ theme: 'dark', contact: { mails: [email(row + 900)] }, by: { [`u${row}x`]: row } }),
    pii('email'),
  ),
  at('people', 'jsonb', (row) => ({ [email(row + 1500)]: { since: 2020 } }), pii('email')),
  // What somebody said.
  at('field_1', 'text', (row) => digest(`one ${row}`, 9), ['pii']),
  at('field_2', 'text', (row) => digest(`two ${row}`, 9), pii('health')),
  at('field_3', 'text', (row) => digest(`three ${row}`, 9), pii('email')),
  at('field_4', 'text', (row) => digest(`four ${row}`, 9), ['confidential', 'pii']),
  // Traps.
  at('order_number', 'text', (row) => failing(`4${digits(`o${row}`, 15)}`)),
  at('tracking_number', 'bigint', (row) => `5${digits(`tr${row}`, 15)}`),
  at('external_uuid', 'uuid', (row) => uuid(row)),
  at('correlation', 'text', (row) => uuid(row + 1)),
  at('sha256', 'text', (row) => digest(`sha ${row}`)),
  at('etag', 'text', (row) => digest(`etag ${row}`, 32)),
  at('created_ms', 'bigint', (row) => 1_700_000_000_000 + row),
  at('created_epoch', 'text', (row) => String(1_700_000_000 + row)),
  at('stamp', 'text', (row) => `20240131${100_000 + row}`),
  at('handle', 'text', (row) => `@anna${row}`),
  at('chat', 'text', (row) => `anna${row}@home`),
  at('package', 'text', (row) => `left-pad@1.${row}.0`),
  at('product_code', 'text', (row) => `AB-${100 + row}-45-${1000 + row}`),
  at('article', 'text', (row) => `9${10 + (row % 80)}-12-${1000 + row}`),
  at('sku', 'text', (row) => `${100 + row}-${200 + row}-${3000 + row}`),
  at('isbn', 'text', (row) => `978-3-16-${100_000 + row}-0`),
  at('email_verified', 'boolean', (row) => row % 2 === 0),
  at('email_sent_at', 'timestamptz', () => '2024-05-04T10:00:00Z'),
  at('phone_type', 'text', (row) => cased(row, ['home', 'work'])),
  at('card_brand', 'text', (row) => cased(row, ['visa', 'amex'])),
  at('card_last4', 'text', (row) => String(1000 + row)),
  at('address_id', 'int', (row) => row),
  at('token_count', 'int', (row) => row),
  at('password_changed_at', 'timestamptz', () => '2024-05-04T10:00:00Z'),
  at('country_name', 'text', () => 'Atlantis'),
  at('product_name', 'text', (row) => `Widget ${row}`),
  at('file_name', 'text', (row) => `scan-${row}.pdf`),
  at('status', 'text', (row) => cased(row, ['open', 'done'])),
  at('description', 'text', (row) => `Widget ${row % 5}`),
  at('capacity', 'int', (row) => row),
  at('kapazität', 'int', (row) => row),
  at('client', 'inet', (row) => `10.0.${row % 250}.1`),
  at('iban_country', 'text', () => 'DE'),
  at('salary_band', 'text', (row) => `B${row % 5}`),
  at('credit_limit', 'numeric', (row) => row * 100),
  at('preferences', 'jsonb', (row) => ({ theme: 'dark', sizes: [row, row + 1], locale: 'de' })),
  at('keywords', 'text[]', (row) => [`tag${row % 5}`, 'sale']),
  at('homepage', 'text', (row) => `https://shop.example/${digest(`h${row}`, 6)}`),
]

function failing(number: string): string {
  return passesLuhn(number) ? `${number.slice(0, 15)}${(Number(number[15]) + 1) % 10}` : number
}

function uuid(row: number): string {
  const hex = digest(`uuid ${row}`, 32)
  return [0, 8, 12, 16, 20].map((from, i) => hex.slice(from, [8, 12, 16, 20, 32][i])).join('-')
}
