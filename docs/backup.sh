#!/bin/sh
# Back up the database and the documents into a new folder. The keys are not in it: keep ENCRYPTION_KEYS elsewhere.
# usage: DATABASE_URL=postgresql://... DATA_DIR=/data docs/backup.sh FOLDER
set -eu
umask 077
folder=${1:?usage: backup.sh FOLDER}
mkdir "$folder"
# The database first: stored files are never changed, so files that come meanwhile are only in excess.
pg_dump --format=custom --no-owner --no-privileges --file="$folder/database.dump" "${DATABASE_URL:?}"
mkdir -p "${DATA_DIR:?}/documents"
tar --create --gzip --file="$folder/documents.tar.gz" --directory="$DATA_DIR" documents
cd "$folder"
sha256sum database.dump documents.tar.gz > SHA256SUMS
