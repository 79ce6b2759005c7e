-- As before, and "ANN ARBOR" finds Ann Arbor.
SELECT v.id, v.name, v.capacity, v.per_day,
       (SELECT count(*) FROM bookings w
        WHERE w.venue_id = v.id AND w.day BETWEEN %(day)s - 3 AND %(day)s + 3) AS busy_days
FROM nearby n JOIN venues v ON lower(v.city) = lower(n.other)
WHERE lower(n.city) = lower(%(city)s)
  AND v.capacity >= %(guests)s
  AND NOT EXISTS (SELECT FROM bookings b WHERE b.venue_id = v.id AND b.day = %(day)s)
ORDER BY v.per_day
LIMIT 20
