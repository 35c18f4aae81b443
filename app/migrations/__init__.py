"""How the database changes from one release to the next; run by app.store when it opens one."""
