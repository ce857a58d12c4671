#!/bin/sh
# Runs once, when the server's volume is empty: for each service a database, and a role with a secret of its own that
# can connect to this database alone. BANYAN_DATABASE_PASSWORD_<SERVICE> holds the secret.
set -eu
for service in customer_view catalogue campaigns governance channels; do
    variable="BANYAN_DATABASE_PASSWORD_$(echo "$service" | tr '[:lower:]' '[:upper:]')"
    eval "secret=\${$variable:?is not set}"
    # A limit of connections per role: a service that leaks them stops itself, not the others.
    psql --no-psqlrc --set=ON_ERROR_STOP=1 --set=name="banyan_$service" --set=secret="$secret" \
        --set=limit="${BANYAN_DATABASE_CONNECTIONS:-80}" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE :"name" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT :limit PASSWORD :'secret';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
    psql --no-psqlrc --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "banyan_$service" <<'SQL'
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SQL
done
# By default everybody may connect to these and make temporary tables there.
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
SQL
