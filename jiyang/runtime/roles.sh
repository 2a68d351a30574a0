#!/bin/sh
# Run once by the database image: the owner that migrates and the web role that row-level security binds.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -v owner="$OWNER_PASSWORD" -v web="$WEB_PASSWORD" <<'SQL'
create role jiyang_owner login nosuperuser nobypassrls password :'owner';
create role jiyang_web login nosuperuser nobypassrls nocreatedb nocreaterole password :'web';
create database jiyang owner jiyang_owner;
SQL
