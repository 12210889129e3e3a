"""Somchai and how others differ from him: the fields that every card of this folder starts from, and the portraits.

Everybody is invented. What makes each card special is written in `lawful.py`, `refused.py` and `conduct.py`.
"""

import io
from typing import NamedTuple

from PIL import Image, ImageDraw

PHOTO_BYTES_MAX = 5118

ATR = {
    "TH NID 6": "3B6800005448204E49442036",
    "TH NID 8": "3B781800005448204E49442038",
    "TH NID 9": "3B781800005448204E49442039",
    "TH NID 10": "3B791800005448204E4944203130",
    "TH NID 15": "3B799600FF5448204E4944203135",
    "TH NID 17": "3B799600005448204E4944203137",
    "TH NID 18": "3B799600005448204E4944203138",
}


def citizen_id(twelve):
    """The number with its check digit."""
    weighted = sum(int(digit) * (13 - at) for at, digit in enumerate(twelve))
    return twelve + str((11 - weighted % 11) % 10)


# Portraits: a cartoon face of 148 x 178. ----------------------------------------------------------------------

def portrait(shirt, hair, quality):
    """A JPEG of somebody who does not exist; made four times as large and shrunk, so that its edges are soft."""
    scale, width, height = 4, 148, 178
    picture = Image.new("RGB", (width * scale, height * scale), "#8fb4d8")
    draw = ImageDraw.Draw(picture)

    def oval(x, y, rx, ry, colour):
        box = [(x - rx) * scale, (y - ry) * scale, (x + rx) * scale, (y + ry) * scale]
        draw.ellipse(box, fill=colour)

    # Lines of height behind the head, as on a photo for a card.
    for line in range(20, height, 20):
        draw.line([0, line * scale, width * scale, line * scale], fill="#a3c2e0", width=scale)
    oval(74, 190, 66, 50, shirt)
    draw.rectangle([61 * scale, 118 * scale, 87 * scale, 148 * scale], fill="#d9a679")
    oval(74, 70, 45, 50, hair)
    oval(74, 88, 38, 46, "#e8b98c")
    for side in (-1, 1):
        oval(74 + side * 38, 90, 6, 10, "#e8b98c")
        oval(74 + side * 15, 82, 7, 4, "#ffffff")
        oval(74 + side * 15, 82, 3.5, 4, "#2b1b12")
        oval(74 + side * 15, 71, 9, 2, hair)
    draw.polygon([(74 * scale, 84 * scale), (68 * scale, 101 * scale), (80 * scale, 101 * scale)], fill="#d9a679")
    oval(74, 114, 14, 5, "#b5504f")
    oval(74, 111, 14, 4, "#e8b98c")
    picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=quality, optimize=True)
    return jpeg.getvalue()


def filled(jpeg, size):
    """The same picture with a comment inside that makes it exactly so many bytes."""
    comment = size - len(jpeg) - 4
    segment = b"\xff\xfe" + (comment + 2).to_bytes(2, "big") + b"." * comment
    return jpeg[:2] + segment + jpeg[2:]


# People. ------------------------------------------------------------------------------------------------------

PHOTO = portrait("#30507a", "#1f1612", 82)
WOMAN_PHOTO = portrait("#8a3a5c", "#3a2418", 70)
SMALL_PHOTO = portrait("#7a3030", "#2a1a10", 30)
PROVINCE_ADDRESS = "123/45#หมู่ที่ 4###ถนนตัวอย่าง#ตำบลในเมือง#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น"
BANGKOK_ADDRESS = "99/1##ตรอกทดสอบ#ซอยสุขุมวิท 5#ถนนสุขุมวิท#แขวงพระโขนงเหนือ#เขตวัฒนา#กรุงเทพมหานคร"

SOMCHAI = {
    "layout version": "0003",
    "citizen id": citizen_id("111111111111"),
    "Thai name": "นาย#สมชาย##ใจดี",
    "English name": "Mr.#Somchai##Jaidee",
    "birth date": "25240704",
    "sex": "1",
    "request number block": "40010112345/07051234",
    "issuing office": "อำเภอเมืองขอนแก่น/ขอนแก่น",
    "issuer code": citizen_id("555555555555"),
    "issue date": "25670705",
    "expiry date": "25750704",
    "card type": "01",
    "photo length": len(PHOTO).to_bytes(2, "big"),
    "photo": PHOTO,
    "address": PROVINCE_ADDRESS,
    "number under the photo": "40010107051234",
}


def person(number, **changes):
    """Somebody like Somchai in all but number, photo and what is said."""
    fields = {name.replace("_", " "): value for name, value in changes.items()}
    renamed = {"thai name": "Thai name", "english name": "English name"}
    fields = {renamed.get(name, name): value for name, value in fields.items()}
    own = {
        "citizen id": number,
        "request number block": f"4001{number[:7]}/07051234",
        "photo": SMALL_PHOTO,
        "photo length": len(SMALL_PHOTO).to_bytes(2, "big"),
    }
    return SOMCHAI | own | fields


class Card(NamedTuple):
    """One image: what is written about it, and what is on it."""

    sentence: str
    atr: str
    chip_number: str
    fields: dict
    # What there is to choose from; None if the card is refused.
    postal_codes: list | None
    padding: bytes = b" "


def grey():
    """The smallest picture of a card's size: 148 x 178 of one grey."""
    jpeg = io.BytesIO()
    Image.new("L", (148, 178), 0x99).save(jpeg, "JPEG", quality=20, optimize=True)
    return jpeg.getvalue()


TINY_PHOTO = grey()


def photographed(photo, length=None):
    """The fields of a photo; the length is that of the photo unless the card says otherwise."""
    return {"photo": photo, "photo_length": (len(photo) if length is None else length).to_bytes(2, "big")}


def somebody(at, **changes):
    """The person of this number, with the tiny photo; like Somchai in all else."""
    return person(citizen_id(f"{600000000000 + at}"), **(photographed(TINY_PHOTO) | changes))


def chip(at):
    """The chip number of the card of this number."""
    return f"6401{at:04x}5e1f0c{at:02x}"
