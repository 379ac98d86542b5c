"""The database: engine, migrations, and one file a noun that turns rows into values and back."""
