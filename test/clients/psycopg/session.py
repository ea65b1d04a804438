"""psycopg 3 through the gateway: one step a name; prints one JSON object for each step. Reads where to
connect from the environment, as libpq does."""

import json
import os
import sys
import threading

import psycopg


# libpq knows no environment variables for these.
OAUTH = {
    option: os.environ[option.upper()]
    for option in ("oauth_issuer", "oauth_client_id")
    if option.upper() in os.environ
}


def connected(notices=None):
    connection = psycopg.connect(autocommit=True, **OAUTH)
    if notices is not None:
        connection.add_notice_handler(lambda diag: notices.append(diag.message_primary))
    return connection


def refusal(ask):
    try:
        ask()
    except psycopg.Error as problem:
        diag = problem.diag
        return {
            "sqlstate": problem.sqlstate,
            "detail": diag.message_detail,
            "hint": diag.message_hint,
            "lives": True,
        }
    return None


def queries():
    with connected() as connection:
        cursor = connection.execute("SELECT count(*) FROM orders")
        prepared = [
            connection.execute(
                "SELECT status FROM orders WHERE id = %s", [at], prepare=True
            ).fetchone()[0]
            for at in (1, 2)
        ]
        binary = connection.cursor(binary=True)
        total = binary.execute("SELECT total, created_at FROM orders WHERE id = 1").fetchone()
        with connection.pipeline():
            piped = [connection.execute("SELECT %s::int", [at]) for at in range(3)]
        with connection.transaction(), connection.cursor("named") as named:
            named.execute("SELECT id FROM orders ORDER BY id")
            first = [row[0] for row in named.fetchmany(3)]
        return {
            "count": cursor.fetchone()[0],
            "prepared": prepared,
            "total": str(total[0]),
            "piped": [one.fetchone()[0] for one in piped],
            "first": first,
        }


def copy():
    with connected() as connection:
        connection.execute("CREATE TEMPORARY TABLE parcels (id int, place text)")
        with connection.cursor().copy("COPY parcels FROM STDIN") as into:
            into.write_row((1, "north"))
            into.write_row((2, "south"))
        with connection.cursor().copy("COPY parcels FROM STDIN (FORMAT binary)") as into:
            into.set_types(["int4", "text"])
            into.write_row((3, "west"))
        with connection.cursor().copy("COPY parcels TO STDOUT") as out:
            return {"rows": [list(row) for row in out.rows()]}


def transactions():
    with connected() as connection:
        try:
            with connection.transaction():
                connection.execute("UPDATE orders SET status = 'lost' WHERE id = 7")
                raise psycopg.Rollback()
        except psycopg.Rollback:
            pass
        ask = "SELECT status FROM orders WHERE id = 7"
        before = connection.execute(ask).fetchone()[0]
        with connection.transaction():
            connection.execute("UPDATE orders SET status = %s WHERE id = 7", ["paid"])
            with connection.transaction(force_rollback=True):
                connection.execute("UPDATE orders SET status = 'lost' WHERE id = 7")
        return {"before": before, "after": connection.execute(ask).fetchone()[0]}


def masks():
    with connected() as connection:
        ask = "SELECT ssn, region FROM customers WHERE id = %s"
        plain = connection.execute(ask, [1]).fetchone()
        binary = connection.cursor(binary=True).execute(ask, [1]).fetchone()
        return {"plain": plain, "binary": binary}


def denials():
    with connected() as connection:
        everything = "UPDATE orders SET status = 'lost'"
        first = refusal(lambda: connection.execute(everything))
        alive = connection.execute("SELECT 1").fetchone()[0]
        connection.execute("BEGIN")
        connection.execute("UPDATE orders SET status = 'odd' WHERE id = 9")
        refusal(lambda: connection.execute(everything))
        aborted = refusal(lambda: connection.execute("SELECT 1"))
        commit = connection.execute("COMMIT").statusmessage
        return {"first": first, "alive": alive, "aborted": aborted["sqlstate"], "commit": commit}


def hold():
    notices = []
    with connected(notices) as connection:
        refused = refusal(lambda: connection.execute("DROP TABLE orders_import_2019"))
        return {"notices": notices, "refused": refused}


def cancel():
    with connected() as connection:
        over = threading.Event()

        # Again after a while: one that comes before the statement runs is lost.
        def ask():
            wait = 0.4
            while not over.wait(wait):
                connection.cancel_safe()
                wait = 5

        asking = threading.Thread(target=ask)
        asking.start()
        long = "SELECT count(*) FROM generate_series(1, 2000000000)"
        ended = refusal(lambda: connection.execute(long))
        over.set()
        asking.join()
        return {"ended": ended, "alive": connection.execute("SELECT 1").fetchone()[0]}


def reached():
    with connected() as connection:
        encrypted = connection.pgconn.ssl_in_use
        return {"one": connection.execute("SELECT 1").fetchone()[0], "encrypted": encrypted}


STEPS = (queries, copy, transactions, masks, denials, hold, cancel, reached)

if __name__ == "__main__":
    if os.environ.get("BEARER") is not None:
        import bearer

        bearer.install(os.environ["BEARER"])
    for step in STEPS:
        if step.__name__ in sys.argv[1:]:
            print(json.dumps({"step": step.__name__, **step()}), flush=True)
