// pgx through the gateway: one step a name; prints one JSON object for each step. Reads where to connect
// from the environment, as libpq does.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

type result = map[string]any

var notices []string

var steps = []struct {
	name string
	run  func(context.Context, *pgx.Conn) result
}{
	{"queries", queries},
	{"copy", copyBothWays},
	{"transactions", transactions},
	{"masks", masks},
	{"denials", denials},
	{"hold", hold},
	{"cancel", cancel},
	{"reached", reached},
}

func main() {
	for _, step := range steps {
		for _, wanted := range os.Args[1:] {
			if wanted == step.name {
				say(step.name, step.run)
			}
		}
	}
}

func say(name string, run func(context.Context, *pgx.Conn) result) {
	ctx := context.Background()
	config := must(pgx.ParseConfig(""))
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
		notices = append(notices, notice.Message)
	}
	conn := must(pgx.ConnectConfig(ctx, config))
	defer conn.Close(ctx)
	found := run(ctx, conn)
	found["step"] = name
	fmt.Println(string(must(json.Marshal(found))))
}

func must[T any](value T, problem error) T {
	check(problem)
	return value
}

func check(problem error) {
	if problem != nil {
		fmt.Fprintln(os.Stderr, problem)
		os.Exit(1)
	}
}

func refusal(_ any, problem error) any {
	var told *pgconn.PgError
	if errors.As(problem, &told) {
		return result{"sqlstate": told.Code, "detail": told.Detail, "hint": told.Hint}
	}
	check(problem)
	return nil
}

func one[T any](ctx context.Context, conn *pgx.Conn, sql string, args ...any) (value T) {
	check(conn.QueryRow(ctx, sql, args...).Scan(&value))
	return value
}

func queries(ctx context.Context, conn *pgx.Conn) result {
	must(conn.Prepare(ctx, "status", "SELECT status FROM orders WHERE id = $1"))
	batch := &pgx.Batch{}
	for at := range 3 {
		batch.Queue("SELECT $1::int", at)
	}
	piped := []int{}
	answers := conn.SendBatch(ctx, batch)
	for range 3 {
		var value int
		check(answers.QueryRow().Scan(&value))
		piped = append(piped, value)
	}
	check(answers.Close())
	conn.TypeMap().RegisterType(must(conn.LoadType(ctx, "orders")))
	kind := must(conn.LoadType(ctx, "_orders"))
	kinds := must(conn.LoadTypes(ctx, []string{"orders"}))
	modes := []int{}
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		modes = append(modes, one[int](ctx, conn, "SELECT customer_id FROM orders WHERE id = $1", mode, 1))
	}
	return result{
		"count":    one[int](ctx, conn, "SELECT count(*) FROM orders"),
		"prepared": []string{one[string](ctx, conn, "status", 1), one[string](ctx, conn, "status", 2)},
		"array":    one[[]int32](ctx, conn, "SELECT ARRAY[1, 2]"),
		"time":     one[time.Time](ctx, conn, "SELECT created_at FROM orders WHERE id = 1").UTC(),
		"piped":    piped,
		"modes":    modes,
		"types":    []string{kind.Name, kinds[0].Name},
	}
}

func copyBothWays(ctx context.Context, conn *pgx.Conn) result {
	must(conn.Exec(ctx, "CREATE TEMPORARY TABLE parcels (id int, place text)"))
	rows := [][]any{{int32(1), "north"}, {int32(2), "south"}}
	into := pgx.Identifier{"parcels"}
	binary := must(conn.CopyFrom(ctx, into, []string{"id", "place"}, pgx.CopyFromRows(rows)))
	text := must(conn.PgConn().CopyFrom(ctx, strings.NewReader("3\twest\n"), "COPY parcels FROM STDIN"))
	var out bytes.Buffer
	must(conn.PgConn().CopyTo(ctx, &out, "COPY parcels TO STDOUT"))
	return result{"binary": binary, "text": text.RowsAffected(), "out": out.String()}
}

func transactions(ctx context.Context, conn *pgx.Conn) result {
	ask := "SELECT status FROM orders WHERE id = 7"
	tx := must(conn.Begin(ctx))
	must(tx.Exec(ctx, "UPDATE orders SET status = 'lost' WHERE id = 7"))
	check(tx.Rollback(ctx))
	before := one[string](ctx, conn, ask)
	tx = must(conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable}))
	must(tx.Exec(ctx, "UPDATE orders SET status = $1 WHERE id = 7", "paid"))
	inner := must(tx.Begin(ctx))
	must(inner.Exec(ctx, "UPDATE orders SET status = 'lost' WHERE id = 7"))
	check(inner.Rollback(ctx))
	check(tx.Commit(ctx))
	return result{"before": before, "after": one[string](ctx, conn, ask)}
}

func masks(ctx context.Context, conn *pgx.Conn) result {
	return result{
		"prepared": one[string](ctx, conn, "SELECT ssn FROM customers WHERE id = $1", 1),
		"simple": one[string](ctx, conn, "SELECT ssn FROM customers WHERE id = $1",
			pgx.QueryExecModeSimpleProtocol, 1),
	}
}

func denials(ctx context.Context, conn *pgx.Conn) result {
	everything := "UPDATE orders SET status = 'lost'"
	first := refusal(conn.Exec(ctx, everything))
	alive := one[int](ctx, conn, "SELECT 1")
	tx := must(conn.Begin(ctx))
	must(tx.Exec(ctx, "UPDATE orders SET status = 'odd' WHERE id = 9"))
	refusal(tx.Exec(ctx, everything))
	aborted := refusal(tx.Exec(ctx, "SELECT 1"))
	commit := tx.Commit(ctx)
	return result{
		"first": first, "alive": alive, "aborted": aborted,
		"rolledBack": errors.Is(commit, pgx.ErrTxCommitRollback),
	}
}

func hold(ctx context.Context, conn *pgx.Conn) result {
	refused := refusal(conn.Exec(ctx, "DROP TABLE orders_import_2019"))
	return result{"refused": refused, "notices": notices}
}

func cancel(ctx context.Context, conn *pgx.Conn) result {
	over := make(chan struct{})
	// Again after a while: one that comes before the statement runs is lost.
	go func() {
		for wait := 400 * time.Millisecond; ; wait = 5 * time.Second {
			select {
			case <-over:
				return
			case <-time.After(wait):
				check(conn.PgConn().CancelRequest(ctx))
			}
		}
	}()
	ended := refusal(conn.Exec(ctx, "SELECT count(*) FROM generate_series(1, 2000000000)"))
	close(over)
	return result{"ended": ended, "alive": one[int](ctx, conn, "SELECT 1")}
}

func reached(ctx context.Context, conn *pgx.Conn) result {
	_, encrypted := conn.PgConn().Conn().(interface{ VerifyHostname(string) error })
	return result{"one": one[int](ctx, conn, "SELECT 1"), "encrypted": encrypted}
}
