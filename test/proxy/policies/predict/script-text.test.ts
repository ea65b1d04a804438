// A script is cut as psql cuts it; what psql does itself is told and never read as SQL.
import t from 'tap'
import { scriptText } from '../../../../proxy/policies/predict/script-text.js'

const texts = (script: string): readonly string[] =>
  scriptText(script).messages.map(({ text }) => text)
const told = (script: string): readonly string[] =>
  scriptText(script).unread.map(({ line, what }) => `${line}: ${what.split(' ')[0]}`)

t.test('each message is the text that psql 15 sends, as its server logged it', async (t) => {
  const script = `-- leading comment
/* block */ SELECT 1 -- inner
	, 2;   -- trailing

	CREATE TABLE t (a int); SELECT 3
	;
\\echo hi
COPY t FROM stdin;
1
2
\\.
select count(*) from t \\gset
SELECT 'a;b', $$x;y$$;
`
  t.same(texts(script), [
    '/* block */ SELECT 1 -- inner\n\t, 2;',
    'CREATE TABLE t (a int);',
    'SELECT 3\n\t;',
    'COPY t FROM stdin;',
    'select count(*) from t ',
    "SELECT 'a;b', $$x;y$$;",
  ])
  t.same(told(script), ['7: \\echo', '9: the', '12: \\gset'])
})

t.test('a semicolon within quotes, comments, brackets and bodies ends nothing', async (t) => {
  for (const one of [
    `SELECT ';', "a;b", E'it\\'s;' ;`,
    'SELECT $tag$ ; $$ ; $tag$;',
    'SELECT 1 /* ; /* ; */ ; */;',
    'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);',
    `CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC
       SELECT CASE WHEN true THEN 1 END; SELECT 2; END;`,
    "SELECT 'it''s;';",
  ]) {
    t.same(texts(`${one}\nSELECT 2;`), [one, 'SELECT 2;'])
  }
})

t.test('places are lines and columns of the file', async (t) => {
  const { messages } = scriptText("SELECT 'é';  SELECT 2;\n\n  SELECT 3")
  t.same(
    messages.map(({ line, column, text }) => [line, column, text]),
    [
      [1, 1, "SELECT 'é';"],
      [1, 14, 'SELECT 2;'],
      [3, 3, 'SELECT 3'],
    ],
  )
})

t.test('what psql does itself is told with what it means', async (t) => {
  const { unread, messages } = scriptText('\\i other.sql\n\\connect shop_test\nSELECT 1;')
  t.match(unread, [
    { line: 1, what: /the file that it names is not read/ },
    { line: 2, what: /as if still at the same target/ },
  ])
  t.equal(messages.length, 1)
})

t.test('variables of psql are told; casts and slices are none', async (t) => {
  const { unread } = scriptText("SELECT :'who', a::text, b[1:n], ':x' FROM :table;")
  t.match(
    unread.map(({ what }) => what),
    [/^:'who' is a variable/, /^:table is a variable/],
  )
})

t.test('whatever stands in a file, cutting it ends and loses no text but psql’s own', async (t) => {
  for (const script of [
    '',
    ';;;',
    "'",
    '$$',
    '/*',
    '\\',
    '--',
    'COPY t FROM stdin;',
    '"',
    '$1 $a',
  ]) {
    t.doesNotThrow(() => scriptText(script))
  }
  t.same(texts(';; ;'), [])
  t.same(texts("SELECT 'open"), ["SELECT 'open"])
})
