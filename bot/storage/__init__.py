"""The only place with SQL: events and effects in one transaction, and what is read from them."""
