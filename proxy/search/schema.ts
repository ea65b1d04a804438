// The tables of the search index. A command is three numbers (who, what, session) and where its line lies in
// the record; people, targets, objects, rules and labels repeat, so they stand once, in `whos` and
// `whats`, with the words by which they are found. Texts are not kept: FTS5 holds words and their places
// (`content=''`), and what is shown is read from the record. The table of versions: raise it when any changes.
export const INDEX_VERSION = 1

// In the directory of the record.
export const SEARCH_FILE = 'search.sqlite'

// unicode61 beside trigram, measured on 300,000 commands (28 MB of text): 17 MB and 240,000 commands/s
// against 80 MB and 89,000. Given up: finding the middle of a word.
export const SCHEMA = `
create table meta (name text primary key, value) without rowid;

create table segments (
  file text primary key,
  -- Hash of its first line, how many bytes are in the index, and where its last line ends.
  opening text not null,
  bytes integer not null,
  first_seq integer,
  last_seq integer
) without rowid;

-- Lines that are not in the record any more, or cannot be read.
create table gaps (from_seq integer not null, to_seq integer not null, why text not null);

-- Times of a thousand lines each: clocks may go back, so times are bounds and not an order.
create table blocks (block integer primary key, min_time integer not null, max_time integer not null);

create table terms (
  id integer primary key,
  kind text not null,
  value text not null,
  unique (kind, value)
);

create table whos (
  id integer primary key,
  key text not null unique,
  view text not null,
  commands integer not null default 0
);
create table who_terms (term integer, who integer, primary key (term, who)) without rowid;

create table whats (
  id integer primary key,
  key text not null unique,
  view text not null,
  commands integer not null default 0,
  last_seq integer not null default 0,
  last_time integer not null default 0
);
create table what_terms (term integer, what integer, primary key (term, what)) without rowid;

create table commands (
  seq integer primary key,
  time integer not null,
  who integer not null,
  what integer not null,
  session integer not null,
  command integer not null,
  rows integer,
  masked integer,
  -- Absent: it did not go, or has not ended. 1 done, 2 failed, 3 cancelled, 4 unknown.
  result integer,
  duration_us integer,
  sqlstate text,
  tag text,
  file text not null,
  offset integer not null,
  bytes integer not null
);
create index commands_who on commands (who, seq, what, time, rows, masked);
create index commands_what on commands (what, seq, who, time, rows, masked);
create index commands_session on commands (session, command, seq);
create index commands_failed on commands (result, seq) where result > 1;

create table sessions (
  id integer primary key,
  session text not null unique,
  who integer,
  -- The line that first names it: sessions are listed by it.
  first_seq integer not null,
  opened integer not null,
  closed integer,
  state text not null,
  name text not null default '',
  kind text not null default '',
  target text not null default '',
  database text not null default '',
  client_address text not null default '',
  application text not null default '',
  reason text,
  commands integer not null default 0,
  refused integer not null default 0,
  held integer not null default 0,
  rows integer not null default 0,
  masked integer not null default 0
);
create index sessions_first on sessions (first_seq);
create index sessions_who on sessions (who, first_seq);
create index sessions_open on sessions (state) where state = 'open';

-- What is rare beside commands, by the command that it is about: approvals, incidents, divergences.
create table marks (
  kind text not null,
  value text not null,
  seq integer not null,
  time integer not null,
  session integer,
  command integer,
  approval text,
  -- The line of the command that it is about, once that is known.
  at integer,
  detail text not null,
  primary key (kind, value, seq)
) without rowid;
create index marks_command on marks (session, command) where at is null;
create index marks_approval on marks (approval) where at is null;
create index marks_at on marks (kind, value, at);
create index marks_of on marks (at);
create table approvals (approval text primary key, at integer not null) without rowid;

create virtual table texts using fts5(text, content='', tokenize="unicode61 tokenchars '_'");
`

export const TABLES = [
  'meta',
  'segments',
  'gaps',
  'blocks',
  'terms',
  'whos',
  'who_terms',
  'whats',
  'what_terms',
  'commands',
  'sessions',
  'marks',
  'approvals',
  'texts',
] as const
