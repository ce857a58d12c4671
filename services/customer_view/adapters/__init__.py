"""One file per port: the database, files of rows, column maps, the ids a file has shown."""
