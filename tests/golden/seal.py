"""Seals secret.txt and one whole envelope with Python's cryptography: §8 and §9 without our code."""
import base64
import json
import secrets
import string

from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

with open("test-only.spki.pem", "rb") as file:
    PUBLIC_KEY = serialization.load_pem_public_key(file.read())
OAEP = rsa_padding.OAEP(mgf=rsa_padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)


def crc(secret):
    return base64.b64encode(PUBLIC_KEY.encrypt(secret, OAEP)).decode()


def data(plaintext, key, iv):
    padder = padding.PKCS7(128).padder()
    padded = padder.update(plaintext) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def drawn(length):
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length)).encode()


with open("secret.txt", "rb") as file:
    sealed_secret = crc(file.read())
with open("python.crc", "w", encoding="ascii") as file:
    file.write(sealed_secret)

key, iv = drawn(32), drawn(16)
with open("e2-validation.json", "rb") as file:
    envelope = {"data": data(file.read(), key, iv), "crc": crc(key + b"@" + iv)}
with open("python.envelope.json", "w", encoding="ascii") as file:
    file.write(json.dumps(envelope, separators=(",", ":")))
