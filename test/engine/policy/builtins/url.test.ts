// URLs and queries by the rules of Go's net/url, as in OPA.
import t from 'tap'
import { disagreements } from './agreement.js'

const URLS = [
  'https://example.com:8080/a/b?q=1&r=%20#top',
  'HTTP://User:pa%20ss@Example.COM/%7Efoo/%2Fbar',
  'mailto:a@b.c',
  'urn:isbn:1?x#y',
  '//host/path',
  '///path',
  '/a b',
  'a/b:c',
  'a:b/c',
  ':foo',
  '1http://x',
  '*',
  '?',
  '#',
  'http://[::1]:80/',
  'http://[fe80::1%25en0]/',
  'http://[fe80::1%25]/',
  'http://[1.2.3.4]/',
  'http://[::1',
  'http://::1/',
  'http://a:b:c/',
  'ftp://a:b:1/',
  'http://host:/',
  'http://host:port/',
  'http://ho st/',
  'http://%41/',
  'http://%C3%A9/',
  'http://é.com/ü?ß#ö',
  'http://a<b>"c/',
  'http://a|b/',
  'http://a@b@c/',
  'http://host/%zz',
  'http://host/a%2',
  'http://host/?a=%zz',
  'http://host/#%zz',
  'http://host/\u0001',
  'http://host/a%20b#c%20d',
  'http:///path',
  'http:/path',
  'http:path?q',
  'data:,x',
  'x://a/;p?q#r',
  "http://h/!$&'()*+,;=:@~_-.[]",
]

t.test('URLs are read as in OPA', async (t) => {
  const calls = URLS.flatMap((url) => {
    const text = JSON.stringify(url)
    return [`uri.parse(${text})`, `uri.is_valid(${text})`, `urlquery.encode(${text})`]
  })
  t.same(await disagreements(calls), [])
})

t.test('queries are read and written as in OPA', async (t) => {
  const queries = [
    '',
    'a=1&b=2&a=3',
    'a',
    '=1',
    '&&a=1',
    'a;b=1',
    'a=%41+b',
    'a=%zz',
    'é=ü',
    'a=b=c',
  ]
  const calls = [
    ...queries.flatMap((query) => [
      `urlquery.decode_object(${JSON.stringify(query)})`,
      `urlquery.decode(${JSON.stringify(query)})`,
    ]),
    'urlquery.encode_object({"b": "x y", "a": ["1", "&"], "é": {"z", "y"}})',
    'urlquery.encode_object(input.number)',
    'urlquery.encode_object(input.mixed)',
    'urlquery.encode_object({})',
  ]
  t.same(await disagreements(calls, { number: { a: 1 }, mixed: { a: ['x', 1] } }), [])
})
