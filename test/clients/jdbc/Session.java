// The PostgreSQL JDBC driver through the gateway: one step a name; prints one JSON object for each step.
// Reads where to connect from the environment, as libpq does.

import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Timer;
import java.util.TimerTask;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;

public class Session {
  interface Asked {
    Object run() throws Exception;
  }

  public static void main(String[] names) throws Exception {
    for (String name : names) {
      try (Connection connection = connected()) {
        Map<String, Object> found = step(name, connection);
        found.put("step", name);
        System.out.println(json(found));
      }
    }
  }

  static Map<String, Object> step(String name, Connection connection) throws Exception {
    return switch (name) {
      case "queries" -> queries(connection);
      case "metadata" -> metadata(connection);
      case "copy" -> copy(connection);
      case "transactions" -> transactions(connection);
      case "masks" -> masks(connection);
      case "denials" -> denials(connection);
      case "hold" -> hold(connection);
      case "cancel" -> cancel(connection);
      default -> throw new IllegalArgumentException(name);
    };
  }

  static Connection connected() throws SQLException {
    Properties how = new Properties();
    how.setProperty("user", System.getenv("PGUSER"));
    how.setProperty("password", System.getenv("PGPASSWORD"));
    how.setProperty("sslmode", System.getenv("PGSSLMODE"));
    if (System.getenv("PGSSLROOTCERT") != null) {
      how.setProperty("sslrootcert", System.getenv("PGSSLROOTCERT"));
    }
    if (System.getenv("PGSSLNEGOTIATION") != null) {
      how.setProperty("sslNegotiation", System.getenv("PGSSLNEGOTIATION"));
    }
    // Named statements from the second use on.
    how.setProperty("prepareThreshold", "2");
    String where = System.getenv("PGHOST") + ":" + System.getenv("PGPORT");
    String url = "jdbc:postgresql://" + where + "/" + System.getenv("PGDATABASE");
    return DriverManager.getConnection(url, how);
  }

  static Map<String, Object> queries(Connection connection) throws Exception {
    List<Object> prepared = new ArrayList<>();
    try (PreparedStatement ask =
        connection.prepareStatement("SELECT status FROM orders WHERE id = ?")) {
      for (int id = 1; id <= 4; id++) {
        ask.setInt(1, id);
        try (ResultSet rows = ask.executeQuery()) {
          rows.next();
          prepared.add(rows.getString(1));
        }
      }
    }
    // A portal read in portions.
    int seen = 0;
    connection.setAutoCommit(false);
    try (Statement all = connection.createStatement()) {
      all.setFetchSize(50);
      try (ResultSet rows = all.executeQuery("SELECT id FROM orders")) {
        while (rows.next()) seen++;
      }
    }
    connection.commit();
    connection.setAutoCommit(true);
    return found(
        "count", one(connection, "SELECT count(*) FROM orders"),
        "prepared", prepared,
        "seen", seen,
        "schema", connection.getSchema(),
        "isolation", connection.getTransactionIsolation(),
        "valid", connection.isValid(5));
  }

  static Map<String, Object> metadata(Connection connection) throws Exception {
    var about = connection.getMetaData();
    return found(
        "tables", column(about.getTables(null, "public", "%", new String[] {"TABLE"}), "TABLE_NAME"),
        "columns", column(about.getColumns(null, "public", "employees", "%"), "COLUMN_NAME"),
        "keys", column(about.getPrimaryKeys(null, "public", "orders"), "COLUMN_NAME"),
        "foreign", column(about.getImportedKeys(null, "public", "orders"), "PKTABLE_NAME"),
        "indexes",
            column(about.getIndexInfo(null, "public", "orders", false, true), "INDEX_NAME"),
        "schemas", column(about.getSchemas(), "TABLE_SCHEM").contains("public"),
        "types", column(about.getTypeInfo(), "TYPE_NAME").contains("int4"),
        "functions",
            column(about.getFunctions(null, "pg_catalog", "lower"), "FUNCTION_NAME").size());
  }

  static Map<String, Object> copy(Connection connection) throws Exception {
    run(connection, "CREATE TEMPORARY TABLE parcels (id int, place text)");
    var copies = connection.unwrap(PGConnection.class).getCopyAPI();
    long into = copies.copyIn("COPY parcels FROM STDIN", new StringReader("1\tnorth\n2\tsouth\n"));
    var out = new StringWriter();
    copies.copyOut("COPY parcels TO STDOUT", out);
    return found("in", into, "out", out.toString());
  }

  static Map<String, Object> transactions(Connection connection) throws Exception {
    String ask = "SELECT status FROM orders WHERE id = 7";
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
    run(connection, "UPDATE orders SET status = 'lost' WHERE id = 7");
    connection.rollback();
    Object before = one(connection, ask);
    run(connection, "UPDATE orders SET status = 'paid' WHERE id = 7");
    var point = connection.setSavepoint("here");
    run(connection, "UPDATE orders SET status = 'lost' WHERE id = 7");
    connection.rollback(point);
    connection.commit();
    return found("before", before, "after", one(connection, ask));
  }

  static Map<String, Object> masks(Connection connection) throws Exception {
    List<Object> shown = new ArrayList<>();
    try (PreparedStatement ask =
        connection.prepareStatement("SELECT ssn FROM customers WHERE id = ?")) {
      for (int time = 0; time < 4; time++) {
        ask.setInt(1, 1);
        try (ResultSet rows = ask.executeQuery()) {
          rows.next();
          shown.add(rows.getString(1));
        }
      }
    }
    return found("shown", shown);
  }

  static Map<String, Object> denials(Connection connection) throws Exception {
    String everything = "UPDATE orders SET status = 'lost'";
    Object first = refusal(() -> run(connection, everything));
    Object alive = one(connection, "SELECT 1");
    connection.setAutoCommit(false);
    run(connection, "UPDATE orders SET status = 'odd' WHERE id = 9");
    refusal(() -> run(connection, everything));
    Object aborted = refusal(() -> one(connection, "SELECT 1"));
    // Rolls back without a word, as it does at PostgreSQL itself.
    connection.commit();
    return found("first", first, "alive", alive, "aborted", aborted);
  }

  static Map<String, Object> hold(Connection connection) throws Exception {
    List<Object> notices = new ArrayList<>();
    Object refused;
    try (Statement statement = connection.createStatement()) {
      refused = refusal(() -> statement.executeUpdate("DROP TABLE orders_import_2019"));
      for (SQLWarning at = statement.getWarnings(); at != null; at = at.getNextWarning()) {
        notices.add(at.getMessage());
      }
    }
    return found("refused", refused, "notices", notices);
  }

  static Map<String, Object> cancel(Connection connection) throws Exception {
    String loop = "SELECT count(*) FROM generate_series(1, 2000000000)";
    Object ended;
    try (Statement statement = connection.createStatement()) {
      Timer timer = new Timer(true);
      timer.schedule(
          new TimerTask() {
            @Override
            public void run() {
              try {
                statement.cancel();
              } catch (SQLException problem) {
                problem.printStackTrace();
              }
            }
          },
          // Again after a while: one that comes before the statement runs is lost.
          400,
          5000);
      ended = refusal(() -> statement.executeQuery(loop));
      timer.cancel();
    }
    return found("ended", ended, "alive", one(connection, "SELECT 1"));
  }

  static Object refusal(Asked asked) throws Exception {
    try {
      asked.run();
      return null;
    } catch (PSQLException problem) {
      var told = problem.getServerErrorMessage();
      return found(
          "sqlstate", problem.getSQLState(),
          "detail", told == null ? null : told.getDetail(),
          "hint", told == null ? null : told.getHint());
    }
  }

  static Object run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.executeUpdate(sql);
    }
  }

  static Object one(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getObject(1);
    }
  }

  static List<Object> column(ResultSet rows, String name) throws SQLException {
    List<Object> values = new ArrayList<>();
    try (rows) {
      while (rows.next()) values.add(rows.getString(name));
    }
    return values;
  }

  static Map<String, Object> found(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int at = 0; at < pairs.length; at += 2) map.put((String) pairs[at], pairs[at + 1]);
    return map;
  }

  static String json(Object value) {
    if (value instanceof Map<?, ?> map) {
      List<String> members = new ArrayList<>();
      map.forEach((name, member) -> members.add(json(name) + ":" + json(member)));
      return "{" + String.join(",", members) + "}";
    }
    if (value instanceof List<?> list) {
      return "[" + String.join(",", list.stream().map(Session::json).toList()) + "]";
    }
    if (value == null || value instanceof Number || value instanceof Boolean) return "" + value;
    StringBuilder text = new StringBuilder("\"");
    for (char letter : value.toString().toCharArray()) {
      if (letter < ' ' || letter == '"' || letter == '\\') {
        text.append(String.format("\\u%04x", (int) letter));
      } else {
        text.append(letter);
      }
    }
    return text.append('"').toString();
  }
}
