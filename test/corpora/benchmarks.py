"""Writes the queries, tables and a little data of TPC-H, TPC-DS and the Join Order Benchmark, as published
packages hold them, into a folder: NAME/schema.sql, NAME/queries.json, NAME/TABLE.csv."""
import ast
import glob
import json
import os
import re
import sys
import sysconfig

import duckdb

ROWS_MAX = 100000
FOLDER = sys.argv[1]
SITE = sysconfig.get_paths()["purelib"]


def written(name, schema, queries):
    os.makedirs(f"{FOLDER}/{name}", exist_ok=True)
    with open(f"{FOLDER}/{name}/schema.sql", "w") as file:
        file.write(schema)
    with open(f"{FOLDER}/{name}/queries.json", "w") as file:
        json.dump(queries, file)


def tpc(name, fill):
    [extension] = glob.glob(f"{SITE}/duckdb_extension_{name}/**/*.duckdb_extension", recursive=True)
    db = duckdb.connect()
    db.execute(f"LOAD '{extension}'")
    db.execute(fill)
    tables = db.execute("SELECT table_name, sql FROM duckdb_tables() ORDER BY 1").fetchall()
    queries = db.execute(f"SELECT query_nr, query FROM {name}_queries() ORDER BY 1").fetchall()
    schema = [sql.replace("DOUBLE", "DOUBLE PRECISION") for _, sql in tables]
    written(name, "\n".join(schema), [{"name": f"{name} {nr}", "sql": sql} for nr, sql in queries])
    for table, _ in tables:
        db.execute(
            f"COPY (SELECT * FROM {table} LIMIT {ROWS_MAX}) TO '{FOLDER}/{name}/{table}.csv' (HEADER false)"
        )


def embedded(path, name):
    with open(f"{SITE}/{path}") as file:
        tree = ast.parse(file.read())
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.target.id == name:
            return ast.literal_eval(node.value)
    raise SystemExit(f"{path} has no {name}")


def job():
    folder = "benchbox/core/joinorder"
    queries = embedded(f"{folder}/queries.py", "CANONICAL_JOINORDER_QUERIES")
    schema, table, columns = [], None, []
    with open(f"{SITE}/{folder}/schema_specs.yaml") as file:
        lines = file.read().split("\n")
    # Only names, columns and their types are needed, so that no reader of YAML is.
    for line in lines + ["  end:"]:
        if re.fullmatch(r"  \w+:", line):
            if table is not None and columns:
                schema.append(f"CREATE TABLE {table} ({', '.join(columns)});")
            table, columns = line.strip(" :"), []
        elif line.startswith("    - ") and "FOREIGN KEY" not in line:
            columns.append(line[6:].strip("'\""))
    written("job", "\n".join(schema), [{"name": f"job {name}", "sql": sql} for name, sql in queries.items()])


tpc("tpch", "CALL dbgen(sf = 0.01)")
tpc("tpcds", "CALL dsdgen(sf = 0.01)")
job()
