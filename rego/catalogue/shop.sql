-- The names that command tests resolve in: a small shop. Rows are of no use here.
CREATE TABLE customers (
  id int PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL,
  ssn text NOT NULL,
  card_number text NOT NULL,
  notes text,
  region text NOT NULL
);

CREATE TABLE orders (
  id int PRIMARY KEY,
  customer_id int NOT NULL REFERENCES customers (id),
  status text NOT NULL,
  total numeric(10, 2) NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE employees (
  id int PRIMARY KEY,
  name text NOT NULL,
  title text NOT NULL,
  salary numeric(10, 2) NOT NULL
);

CREATE TABLE accounts (
  id int PRIMARY KEY,
  login text NOT NULL,
  password_hash text NOT NULL
);

CREATE VIEW contacts AS SELECT id, name, lower(email) AS email FROM customers;

CREATE INDEX orders_by_customer ON orders (customer_id);

CREATE SEQUENCE parcels;

-- Its effects are not known to whoever reads only its name.
CREATE FUNCTION settle(which int) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE orders SET status = 'settled' WHERE id = which;
END
$$;

-- In SQL, so that its body is read.
CREATE FUNCTION open_orders() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT count(*) FROM orders WHERE status = 'open'
$$;
