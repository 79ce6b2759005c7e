-- Venues, their bookings and the guests of those bookings, generated on the server: 420,000 rows.
-- Every number comes from the row's own number, so that each run searches the same data.

CREATE TABLE venues (
    id        integer PRIMARY KEY,
    name      text    NOT NULL,
    city      text    NOT NULL,
    capacity  integer NOT NULL,
    per_day   integer NOT NULL
);

CREATE TABLE bookings (
    id        integer PRIMARY KEY,
    venue_id  integer NOT NULL,
    day       date    NOT NULL,
    couple    text    NOT NULL
);

CREATE TABLE guests (
    id         integer PRIMARY KEY,
    booking_id integer NOT NULL,
    name       text    NOT NULL
);

CREATE TABLE nearby (
    city  text NOT NULL,
    other text NOT NULL,
    PRIMARY KEY (city, other)
);

INSERT INTO nearby
SELECT 'City ' || n, 'City ' || (n + step) % 600
FROM generate_series(0, 599) AS n, generate_series(0, 2) AS step;

INSERT INTO venues
SELECT n,
       (ARRAY['Rose', 'Mill', 'Lake', 'Castle', 'Orchard', 'Harbour', 'Meadow'])[1 + n % 7] || ' '
           || (ARRAY['House', 'Hall', 'Garden', 'Barn', 'Court'])[1 + n % 5] || ' ' || n,
       'City ' || n % 600,
       20 + n * 7 % 380,
       900 + n * 131 % 9000
FROM generate_series(1, 120000) AS n;

INSERT INTO bookings
SELECT n, 1 + n * 17 % 120000, DATE '2027-01-01' + n * 11 % 365, 'Couple ' || n
FROM generate_series(1, 180000) AS n;

INSERT INTO guests
SELECT n, 1 + n % 180000, 'Guest ' || n
FROM generate_series(1, 120000) AS n;

CREATE INDEX venues_by_city ON venues (city, per_day);
CREATE INDEX bookings_by_venue ON bookings (venue_id, day);
CREATE INDEX guests_by_booking ON guests (booking_id);
ANALYZE;
