-- The cheapest venues near a city that are large enough and free on the day.
SELECT v.id, v.name, v.capacity, v.per_day
FROM nearby n JOIN venues v ON v.city = n.other
WHERE n.city = %(city)s
  AND v.capacity >= %(guests)s
  AND NOT EXISTS (SELECT FROM bookings b WHERE b.venue_id = v.id AND b.day = %(day)s)
ORDER BY v.per_day
LIMIT 20
