#!/bin/sh
# Runs once, when the server's volume is empty: a role and a database for each service, none of which may see another's.
set -eu
for service in customer_view catalogue campaigns governance channels; do
    psql --set=ON_ERROR_STOP=1 --set=name="banyan_$service" --set=secret="$BANYAN_DATABASE_PASSWORD" \
        --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'secret';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
