#!/bin/sh
# Put a backup of docs/backup.sh back. Stop web, worker and beat first. What the database holds now is lost.
# usage: DATABASE_URL=postgresql://... DATA_DIR=/data docs/restore.sh FOLDER, then: manage.py restored
set -eu
umask 077
folder=${1:?usage: restore.sh FOLDER}
(cd "$folder" && sha256sum --check --quiet SHA256SUMS)
# Documents first: the database must not name files that are not there. Newer files are kept.
mkdir -p "${DATA_DIR:?}"
tar --extract --gzip --file="$folder/documents.tar.gz" --directory="$DATA_DIR"
pg_restore --clean --if-exists --no-owner --no-privileges --exit-on-error --single-transaction \
  --dbname="${DATABASE_URL:?}" "$folder/database.dump"
echo "Restored. Run manage.py migrate and manage.py restored before web, worker and beat are started."
