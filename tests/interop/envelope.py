"""§8 and §9 by Python's cryptography, both ways, for many files at once.

    python envelope.py open PRIVATE.pem DIR    each NAME.body becomes NAME.opened
    python envelope.py seal PUBLIC.pem DIR     each NAME.plain becomes NAME.sealed
"""
import json
import pathlib
import secrets
import string
import sys
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

OAEP = rsa_padding.OAEP(mgf=rsa_padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
LETTERS = string.ascii_letters + string.digits


def opened(key, body):
    fields = json.loads(body)
    secret, iv = key.decrypt(b64decode(fields["crc"], validate=True), OAEP).split(b"@")
    data = fields["data"]
    if data.startswith("{"):
        data = json.loads(data)["cipherText"]
    decryptor = Cipher(algorithms.AES256(secret), modes.CBC(iv)).decryptor()
    padded = decryptor.update(b64decode(data, validate=True)) + decryptor.finalize()
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def sealed(key, plain):
    secret, iv = ("".join(secrets.choice(LETTERS) for _ in range(n)).encode() for n in (32, 16))
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES256(secret), modes.CBC(iv)).encryptor()
    data = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    crc = key.encrypt(secret + b"@" + iv, OAEP)
    return json.dumps({"data": b64encode(data).decode(), "crc": b64encode(crc).decode()}).encode()


def main(verb, key_file, folder):
    pem = pathlib.Path(key_file).read_bytes()
    if verb == "open":
        key, work, suffixes = serialization.load_pem_private_key(pem, None), opened, (".body", ".opened")
    else:
        key, work, suffixes = serialization.load_pem_public_key(pem), sealed, (".plain", ".sealed")
    for file in pathlib.Path(folder).glob(f"*{suffixes[0]}"):
        file.with_suffix(suffixes[1]).write_bytes(work(key, file.read_bytes()))


main(*sys.argv[1:])
