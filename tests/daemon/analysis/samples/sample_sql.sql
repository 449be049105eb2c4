-- Customers and what they ordered.
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT UNIQUE,
    created TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    total NUMERIC(10, 2) NOT NULL CHECK (total >= 0),
    state TEXT NOT NULL DEFAULT 'open'
);

CREATE INDEX orders_by_customer ON orders (customer_id, state);

INSERT INTO customers (id, name, email) VALUES (1, 'Ada', 'ada@example.org'), (2, 'Grace', NULL);

CREATE VIEW open_totals AS
SELECT customers.name, SUM(orders.total) AS total, COUNT(*) AS number
FROM customers
JOIN orders ON orders.customer_id = customers.id
WHERE orders.state = 'open'
GROUP BY customers.name
HAVING COUNT(*) > 1
ORDER BY total DESC;

UPDATE orders SET state = 'paid' WHERE id = 7;

WITH late AS (
    SELECT id, customer_id FROM orders WHERE state = 'open' AND total > 100
)
SELECT customers.name, late.id
FROM late
LEFT JOIN customers ON customers.id = late.customer_id
LIMIT 10;

DELETE FROM orders WHERE state = 'cancelled';
