"""The Python sample of §8 with pycryptodome, and what surrounds it on the wire, timed by itself.

The first line of the input is the payload as JSON; each further line is `whole N` or `without-crc N`. Both
start from the pictures' files, as our side does: Base64, JSON, AES, Base64, framing, the body's JSON; `whole`
also makes the crc of §9. The answer to each is one line with N times in nanoseconds.
"""
import json
import logging
import sys
import time
from base64 import b64decode, b64encode

from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.PublicKey import RSA
from Crypto.Util.Padding import pad

KEY = "32KeyValue.Secret1234567890asdfg"
INIT_VECTOR = "16IVValue.Secret"
PICTURES = ("customerImage", "customerSelfieImage")


def do_encrypt(data, key, init_vector):
    try:
        cipher = AES.new(key, AES.MODE_CBC, init_vector)
        ct_bytes = cipher.encrypt(pad(data, 16, style="pkcs7"))
        cipher_text = b64encode(ct_bytes).decode("utf-8")
        return json.dumps({"cipherText": cipher_text})
    except ValueError or KeyError:
        logging.exception("Encryption fails!")


def sealed(customer_data, pictures, crc):
    for name, file in pictures.items():
        customer_data[name] = b64encode(file).decode("utf-8")
    customer_data_bytes = json.dumps(customer_data).encode("utf-8")
    encrypted = do_encrypt(customer_data_bytes, KEY.encode("utf8"), INIT_VECTOR.encode("utf-8"))
    return json.dumps({"data": encrypted, "crc": crc()}).encode("utf-8")


def main():
    with open(sys.argv[1], "rb") as file:
        public_key = RSA.import_key(file.read())

    def crc():
        secret = f"{KEY}@{INIT_VECTOR}".encode("utf-8")
        return b64encode(PKCS1_OAEP.new(public_key).encrypt(secret)).decode("utf-8")

    customer_data = json.loads(sys.stdin.readline())
    pictures = {name: b64decode(customer_data[name]) for name in PICTURES}
    works = {"whole": crc, "without-crc": lambda: ""}
    for line in sys.stdin:
        work, rounds = line.split()
        times = []
        for _ in range(int(rounds)):
            start = time.perf_counter_ns()
            sealed(customer_data, pictures, works[work])
            times.append(time.perf_counter_ns() - start)
        print(*times, flush=True)


main()
