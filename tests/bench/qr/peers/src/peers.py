"""Reads frames with zxing-cpp and zbar: each frame in, one line for each of the two out.

A frame is 640x480 bytes of brightness after one byte for the kind of code asked for. A line is the time in
microseconds and the texts in hexadecimal, with tabs between them.
"""

import sys
import time

import numpy
import zxingcpp
from pyzbar import pyzbar

WIDTH, HEIGHT = 640, 480
KINDS = {
    b"Q": (zxingcpp.BarcodeFormat.QRCode, pyzbar.ZBarSymbol.QRCODE),
    b"B": (zxingcpp.BarcodeFormat.Code128, pyzbar.ZBarSymbol.CODE128),
}


LOOKS = 3


def answer(look, texts_of):
    """The texts, and the shortest of some looks, as `main.rs` takes it of the others."""
    micros = []
    for _ in range(LOOKS):
        start = time.perf_counter()
        found = look()
        micros.append((time.perf_counter() - start) * 1e6)
    print("\t".join([f"{min(micros):.1f}"] + [text.hex() for text in texts_of(found)]), flush=True)


def main():
    while kind := sys.stdin.buffer.read(1):
        pixels = sys.stdin.buffer.read(WIDTH * HEIGHT)
        picture = numpy.frombuffer(pixels, numpy.uint8).reshape(HEIGHT, WIDTH)
        zxing, zbar = KINDS[kind]

        answer(
            lambda: zxingcpp.read_barcodes(picture, formats=zxing),
            lambda found: [code.text.encode() for code in found if code.valid],
        )
        answer(
            lambda: pyzbar.decode((pixels, WIDTH, HEIGHT), symbols=[zbar]),
            lambda found: [code.data for code in found],
        )


main()
