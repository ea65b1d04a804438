// Go's templates on values of Rego, as in OPA.
import t from 'tap'
import { BUILTINS } from '../../../../engine/policy/builtins/table.js'
import { disagreements } from './agreement.js'

const TEMPLATES = [
  'plain',
  '{{.s}} {{ .n }} {{.t}} {{.none}} {{.missing}} {{.o.x}} {{.o.y.z}}',
  '{{.l}} {{.o}} {{.deep}}',
  '{{.missing.more}}',
  '{{.s.more}}',
  '{{if .t}}a{{else}}b{{end}}{{if .f}}a{{else if .n}}c{{else}}b{{end}}{{if .z}}zero{{end}}{{if .e}}x{{end}}',
  '{{with .o}}{{.x}}{{end}}{{with .missing}}x{{else}}none{{end}}',
  '{{range .l}}<{{.}}>{{end}}{{range $i, $v := .l}}{{$i}}={{$v}},{{end}}{{range .e}}x{{else}}empty{{end}}',
  '{{range $k, $v := .o}}{{$k}}:{{$v}};{{end}}{{range $v := .o}}{{$v}}{{end}}',
  '{{range .l}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{if eq . "c"}}{{break}}{{end}}{{end}}',
  '{{range 3}}{{.}}{{end}}',
  '{{range .n}}{{.}}{{end}}',
  '{{$x := .s}}{{$x}}{{$x = "new"}}{{$x}}{{$.n}}',
  '{{if true}}{{$y := 1}}{{$y}}{{end}}{{$y}}',
  'a {{- .s -}} b  {{- /* comment */ -}}  c {{/* c */}} d',
  '{{eq .s "text" "x"}} {{ne .s "x"}} {{lt 1 2}} {{le "a" "a"}} {{gt 2 1}} {{ge .s "a"}}',
  '{{eq .n 5}}',
  '{{eq .n "5"}}',
  '{{eq .missing "x"}}',
  '{{and .t .s}} {{or .f .s}} {{and .f .s}} {{not .f}} {{or .e .o.x}}',
  '{{len .l}} {{len .s}} {{len .o}} {{index .l 1}} {{index .o "x"}} {{index .deep "a" 0}}',
  '{{index .l 9}}',
  '{{print .s .n 1 2 true}} {{println .s 1}}{{printf "%q-%5d-%s" .s 42 .n}}',
  '{{.s | printf "%s!"}} {{"lit" | len}} {{(printf "%d" 7) | print "n"}}',
  '{{(index .deep "a")}} {{"a\\"b\\n"}} {{`raw`}} {{1.5}} {{0x1F}}',
  '{{"quoted }} inside"}}',
  '{{.s}',
  '{{end}}',
  '{{if .t}}',
  '{{nofunction .s}}',
  '{{.s .n}}',
  '{{nil}}',
  '{{}}',
  '{{$undeclared}}',
  '{{break}}',
  '{{else}}',
]

const INPUT = {
  s: 'text',
  n: 5,
  z: 0,
  t: true,
  f: false,
  none: null,
  e: [],
  l: ['a', 'b', 'c', 'd'],
  o: { x: 'y', b: 2.5, a: null },
  deep: { a: [{ b: [1, null] }, 'q'] },
}

t.test('templates are rendered as in OPA', async (t) => {
  const calls = TEMPLATES.map((text) => `strings.render_template(${JSON.stringify(text)}, input)`)
  t.same(await disagreements(calls, INPUT), [])
})

t.test('a template without end, or with what is not supported, ends the evaluation', async (t) => {
  const render = BUILTINS.get('strings.render_template')
  for (const text of [
    '{{range 10000000}}x{{end}}',
    '{{range 1000}}{{range 1000}}x{{end}}{{end}}',
    '{{define "x"}}{{end}}',
    '{{"<" | html}}',
  ]) {
    t.throws(() => render?.apply(text, { object: [] }), RangeError, text)
  }
})
