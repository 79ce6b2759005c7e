"""PostgreSQL as wedgate uses it: connections whose every exchange is bounded, and the tables of ledger and history."""
