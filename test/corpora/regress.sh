#!/bin/sh
# Puts the queries of PostgreSQL's regression tests, as Debian's source package holds them, into a folder. The
# sources are those that the system is installed from, asked for source packages with lists of their own, so
# that the system's lists are left alone.
set -eu
folder=$1
mkdir -p "$folder/apt/lists/partial" "$folder/apt/parts"
cd "$folder/apt"
for file in /etc/apt/sources.list.d/*.sources; do
  [ -f "$file" ] || continue
  # Updates of security keep their newest alone, and not always its source.
  awk 'BEGIN { RS = ""; ORS = "\n\n" } /debian-archive-keyring/ && !/debian-security|-security/' "$file" |
    sed 's/^Types:.*/Types: deb-src/' >>parts/debian.sources
done
if [ -f /etc/apt/sources.list ]; then
  sed -n '/security/d; s/^deb /deb-src /p' /etc/apt/sources.list >parts/debian.list
fi
options="-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=$folder/apt/parts -o Dir::State::lists=$folder/apt/lists -o APT::Sandbox::User=root"
apt-get $options -qq update
apt-get $options -qq source --download-only postgresql-15
tar -xf postgresql-15_*.orig.tar.* --strip-components=4 -C "$folder" --wildcards \
  '*/src/test/regress/sql/*.sql' '*/src/test/regress/parallel_schedule'
rm -rf "$folder/apt"
