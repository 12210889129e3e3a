#!/bin/sh
# Makes the golden vectors of 2.2/ with OpenSSL 3, Python 3 (module cryptography) and Java 17.
# None of our own code takes part. What holds chance (keys, OAEP) differs from run to run.
set -eu
cd "$(dirname "$0")/2.2"

secret='32KeyValue.Secret1234567890asdfg@16IVValue.Secret'
printf '%s' "$secret" > secret.txt
hex() { printf '%s' "$1" | od -An -tx1 | tr -d ' \n'; }
key=$(hex "${secret%@*}")
iv=$(hex "${secret#*@}")
aes() { openssl enc -aes-256-cbc -K "$key" -iv "$iv" -in "$1.json" | openssl base64 -A > "$1.data"; }

printf '%s' '{"reference":"BAYMK191200001","identifier":"0123456789012","namespace":"citizen_id"}' > aes-validation.json
printf '%s' '{"firstNameTH":"ทดสอบชื่อ"}' > aes-thai.json
aes aes-validation
aes aes-thai
# Computed independently, before there was any code: these two must come out again.
test "$(cat aes-validation.data)" = '7bZcmviwD4FQNTaCje4VdIRgS33QepZQP3D9p3CFWKPAkHC0jlxv8iJvVqA8OzKgDbNrnTkwh5AAJNPAq6Ec6KG/zSWVLzs7ATdvqiHuVVt8Zh0N7KxCdtEjcqLRw7Bv'
test "$(cat aes-thai.data)" = '1zZSdH7Lm9erJILC9AixNqrCPkfMmPwGzGb21KawHEanqyJOLN1F1wZ22Dv2lukA'

if [ ! -e test-only.key.pem ]; then
    openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out test-only.key.pem
    openssl pkey -in test-only.key.pem -pubout -out test-only.spki.pem
    openssl rsa -in test-only.key.pem -RSAPublicKey_out -out test-only.pkcs1.pem
    openssl req -x509 -new -key test-only.key.pem -subj '/CN=test only' -days 3650 -out test-only.certificate.pem
    openssl req -new -key test-only.key.pem -subj '/CN=test only' -out request.tmp
    openssl x509 -req -in request.tmp -signkey test-only.key.pem -days 3650 -out test-only.certificate-v1.pem
    rm request.tmp
    openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 | openssl pkey -pubout -out refused-1024.spki.pem
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkey -pubout -out refused-ec.spki.pem
fi
openssl pkey -pubin -in test-only.spki.pem -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1 | tr -d '\n' > test-only.fingerprint

openssl pkeyutl -encrypt -pubin -inkey test-only.spki.pem -in secret.txt \
    -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha1 -pkeyopt rsa_mgf1_md:sha1 | openssl base64 -A > openssl.crc
python3 ../plaintexts.py
for name in e2-validation e3-submit e3-submit-selfie e3-submit-dialect e4-failure e6-dopa; do aes "$name"; done
python3 ../heads.py
python3 ../seal.py
java ../Seal.java
