"""Makes the card images of this folder anew, and what they must become. Everybody in them is invented; see README.md.

    python3 -m venv /tmp/cards && /tmp/cards/bin/pip install -r requirements.txt
    /tmp/cards/bin/python make.py

The offsets are written down here from the description of the card, not taken from the program that reads it.
The same versions give the same bytes.
"""

import base64
import io
import json
import re
from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent
IMAGE_BYTES = 5950
PHOTO_BYTES_MAX = 5118

# name in the comment: (offset, length), layout 0003.
PLACES = {
    "layout version": (0x0000, 4),
    "citizen id": (0x0004, 13),
    "Thai name": (0x0011, 100),
    "English name": (0x0075, 100),
    "birth date": (0x00D9, 8),
    "sex": (0x00E1, 1),
    "request number block": (0x00E2, 20),
    "issuing office": (0x00F6, 100),
    "issuer code": (0x015A, 13),
    "issue date": (0x0167, 8),
    "expiry date": (0x016F, 8),
    "card type": (0x0177, 2),
    "photo length": (0x0179, 2),
    "photo": (0x017B, 5118),
    "address": (0x1579, 160),
    "number under the photo": (0x1619, 14),
}
BINARY = ("photo length", "photo")

ATR = {
    "TH NID 6": "3B6800005448204E49442036",
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


# Cards. -------------------------------------------------------------------------------------------------------

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


CARDS = {
    "somchai": (
        "A citizen from Khon Kaen with nothing unusual about him or his card.",
        "TH NID 17", "6300c10e142f28a1", SOMCHAI, ["40000"],
    ),
    "bangkok": (
        "A woman in Bangkok: trok, soi and road, and a sub-district with two postal codes.",
        "TH NID 18", "7183a20b5c3e1104",
        person(
            citizen_id("123456789012"), thai_name="น.ส.#มาลี##ตัวอย่าง",
            english_name="Miss#Malee##Tuayang", birth_date="25330228", sex="2",
            address=BANGKOK_ADDRESS, issuing_office="เขตวัฒนา/กรุงเทพมหานคร",
            request_number_block="10390254321/08120077",
            photo=WOMAN_PHOTO, photo_length=len(WOMAN_PHOTO).to_bytes(2, "big"),
        ),
        ["10110", "10260"],
    ),
    "expired": (
        "A card that was valid until 29 February 2020, a day that only the Gregorian year has.",
        "TH NID 10", "51420907aa30c211",
        person(
            citizen_id("222222222222"), thai_name="นาย#วันชัย##ทดสอบ", english_name="Mr.#Wanchai##Thotsop",
            issue_date="25550301", expiry_date="25630229",
        ),
        ["40000"],
    ),
    "for-life": (
        "A card for life; of the holder's birth only the year is known.",
        "TH NID 15", "6240b1770e5d0942",
        person(
            citizen_id("333333333333"), thai_name="นาง#บุญมา##สมมุติ", english_name="Mrs.#Bunma##Sommut",
            birth_date="24880000", sex="2", expiry_date="99999999",
        ),
        ["40000"],
    ),
    "middle-name": (
        "A holder with a middle name, whose month of birth is known and whose day is not.",
        "TH NID 17", "7012c3553a90ef18",
        person(
            citizen_id("444444444444"), thai_name="นาย#อดัม#เจมส์#ตัวอย่าง-สมมุติ",
            english_name="Mr.#Adam#James#O'Example-Sommut", birth_date="25300900",
        ),
        ["40000"],
    ),
    "blank-english": (
        "A card without an English name, and without an issue date.",
        "TH NID 17", "6301d4a60b1c7723",
        person(
            citizen_id("666666666666"), thai_name="นาย#ก้อน##ทดสอบ", english_name="", issue_date="",
        ),
        ["40000"],
    ),
    "three-slots": (
        "A card whose names leave the middle slot out, with an address in a branch district.",
        "TH NID 9", "4187e5120f66ab09",
        person(
            citizen_id("777777777777"), thai_name="นาง#มาลัย#ทดสอบ", english_name="Mrs.#Malai#Thotsop", sex="2",
            address="7#หมู่ที่ 12####ตำบลคู้ยายหมี#กิ่งอำเภอสนามชัยเขต#จังหวัดฉะเชิงเทรา",
        ),
        ["24160"],
    ),
    "unknown-postal": (
        "A card with a sub-district that no table of postal codes knows.",
        "TH NID 17", "63066d73884fbc98",
        person(
            citizen_id("505050505050"),
            address="5#หมู่ที่ 1###ถนนตัวอย่าง#ตำบลตัวอย่าง#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น",
        ),
        [],
    ),
    "nul-padding": (
        "A card whose fields are filled up with NUL bytes instead of spaces.",
        "TH NID 17", "6302f60c31d84510",
        person(
            citizen_id("888888888888"), thai_name="ด.ญ.#ขวัญ##ใจดี", english_name="Miss#Khwan##Jaidee", sex="2",
            birth_date="25560415",
        ),
        ["40000"],
    ),
    "full-photo": (
        "A card whose photo fills all the room there is for it: 5,118 bytes.",
        "TH NID 17", "6303071d22e95621",
        person(
            citizen_id("999999999999"), photo=filled(SMALL_PHOTO, PHOTO_BYTES_MAX),
            photo_length=PHOTO_BYTES_MAX.to_bytes(2, "big"),
        ),
        ["40000"],
    ),
    "no-photo-length": (
        "A card that has a photo and does not say how long it is.",
        "TH NID 10", "5143182e33fa6732",
        person(citizen_id("101010101010"), photo_length=bytes(2)),
        ["40000"],
    ),
    "oldest-atr": (
        "A card of the oldest and slowest series.",
        "TH NID 6", "3102293f440b7843",
        person(citizen_id("202020202020"), thai_name="นาย#สมชาย##เก่าแก่", english_name="Mr.#Somchai##Kaokae"),
        ["40000"],
    ),
    "old-layout": (
        "A card of layout 0002, which must be refused whatever else is on it.",
        "TH NID 6", "31033a40551c8954", person(citizen_id("303030303030"), layout_version="0002"), None,
    ),
    "empty": ("A chip with the citizen applet and nothing in it.", "TH NID 17", "63044b51662d9a65", {}, None),
    "bad-text": (
        "A card with bytes in the Thai name that no Thai text has.",
        "TH NID 17", "63055c62773eab76",
        person(citizen_id("404040404040"), thai_name="นาย#สม".encode("tis-620") + b"\x80\xdb##"), None,
    ),
}


def field_bytes(name, value, padding):
    """A field as the chip holds it, padded to its length."""
    raw = value if isinstance(value, bytes) else value.encode("tis-620")
    length = PLACES[name][1]
    if len(raw) > length:
        raise ValueError(f"{name} has {len(raw)} bytes")
    return raw + (b" " if name in BINARY else padding) * (length - len(raw))


def chip_data(chip_number):
    """The chip's life cycle data, 45 bytes: tag, ten bytes of maker and system, chip number, the rest."""
    return bytes.fromhex("9F7F2A" + "4790505740914210A000" + chip_number) + bytes(24)


def hex_rows(name, value, padding):
    """The rows of one field, without those at its end that are only spaces."""
    offset, length = PLACES[name]
    raw = field_bytes(name, value, padding)
    kept = raw.rstrip(b" ") if len(raw.rstrip(b" ")) > 0 else raw[:16]
    width = 32 if name == "photo" else 16
    note = name if isinstance(value, bytes) else f"{name}: {value}".rstrip(": ")
    for start in range(0, len(kept), width):
        row = raw[start:min(start + width, length)]
        comment = f"  # {note}" if start == 0 else ""
        yield f"{offset + start:04X}: {row.hex(' ').upper()}{comment}"


def card_file(sentence, atr, chip_number, fields, padding):
    """The text of one card: a sentence, what the chip says of itself, the image."""
    lines = [f"# {sentence}", f"# Answer to reset: {atr}. The holder is invented.", ""]
    lines += [f"atr = {ATR[atr]}", f"cplc = {chip_data(chip_number).hex().upper()}", ""]
    for name in PLACES:
        if name in fields:
            lines += hex_rows(name, fields[name], padding)
    return "\n".join(lines).rstrip() + "\n"


# What the bank must get. --------------------------------------------------------------------------------------

def gregorian(buddhist):
    """YYYYMMDD of the other era; unknown parts stay 00, and a card for life stays 99999999."""
    if buddhist in ("", "99999999"):
        return buddhist
    return f"{int(buddhist[:4]) - 543:04}{buddhist[4:]}"


def named(text):
    """Prefix, first name with the middle name behind it, last name; None where the card says nothing."""
    if not text:
        return None, None, None
    parts = text.split("#")
    prefix, first, last = parts[0], parts[1:-1], parts[-1]
    return prefix, " ".join(part for part in first if part), last


def bare(text, *words):
    """Without the word in front that says what it is."""
    for word in words:
        if text.startswith(word):
            return text[len(word):].strip()
    return text


def expected(chip_number, fields, postal_codes):
    """Field by field what a submission carries; zipCode and mobile are the customer's, not the card's."""
    prefix_th, first_th, last_th = named(fields["Thai name"])
    prefix_en, first_en, last_en = named(fields["English name"])
    house, moo, trok, soi, road, sub_district, district, province = fields["address"].split("#")
    photo = fields["photo"]
    return {
        "chipNo": chip_number,
        "bp1No": fields["request number block"].split("/")[0],
        "customerImage": base64.b64encode(photo).decode(),
        "zipCodes": postal_codes,
        "customerData": {
            "citizenId": fields["citizen id"],
            "prefixTH": prefix_th,
            "firstNameTH": first_th,
            "lastNameTH": last_th,
            "prefixEN": prefix_en,
            "firstNameEN": first_en,
            "lastNameEN": last_en,
            "dateOfBirth": gregorian(fields["birth date"]),
            "religion": "",
            "citizenIdCardIssueDate": gregorian(fields["issue date"]),
            "citizenIdCardExpireDate": gregorian(fields["expiry date"]),
            "fullAddress": re.sub(r"\s+", " ", fields["address"].replace("#", " ")).strip()[:200],
            "countryCode": "TH",
            "province": bare(province, "จังหวัด"),
            "district": bare(district, "กิ่งอำเภอ", "อำเภอ", "เขต"),
            "subDistrict": bare(sub_district, "ตำบล", "แขวง"),
            "road": bare(road, "ถนน"),
            "soi": f"{trok} {soi}" if trok and soi else trok or bare(soi, "ซอย"),
            "moo": bare(moo, "หมู่ที่"),
            "addrNo": house,
        },
    }


def main():
    """Writes every card, and beside the readable ones what they must become."""
    for name, (sentence, atr, chip_number, fields, postal_codes) in CARDS.items():
        padding = b"\0" if name == "nul-padding" else b" "
        text = card_file(sentence, atr, chip_number, fields, padding)
        (FOLDER / f"{name}.hex").write_text(text, encoding="utf-8", newline="\n")
        if postal_codes is not None:
            record = json.dumps(expected(chip_number, fields, postal_codes), ensure_ascii=False, indent=2)
            path = FOLDER / "expected" / f"{name}.json"
            path.write_text(record + "\n", encoding="utf-8", newline="\n")
    print(f"{len(CARDS)} cards; portraits of {len(PHOTO)} and {len(SMALL_PHOTO)} bytes")


if __name__ == "__main__":
    main()
