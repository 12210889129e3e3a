"""Makes the card images of this folder anew, and what they must become. Everybody in them is invented; see README.md.

    python3 -m venv /tmp/cards && /tmp/cards/bin/pip install -r requirements.txt
    /tmp/cards/bin/python make.py

The offsets are written down here from the description of the card, not taken from the program that reads it.
The same versions give the same bytes.
"""

import base64
import json
import re
from pathlib import Path

from conduct import CONDUCT
from lawful import LAWFUL
from person import ATR, PHOTO, SMALL_PHOTO, Card
from refused import REFUSED

FOLDER = Path(__file__).parent

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


def card_file(card):
    """The text of one card: a sentence, what the chip says of itself, the image."""
    lines = [f"# {card.sentence}", f"# Answer to reset: {card.atr}. The holder is invented.", ""]
    lines += [f"atr = {ATR[card.atr]}", f"cplc = {chip_data(card.chip_number).hex().upper()}", ""]
    for name in PLACES:
        if name in card.fields:
            lines += hex_rows(name, card.fields[name], card.padding)
    return "\n".join(lines).rstrip() + "\n"


# What the bank must get. --------------------------------------------------------------------------------------

def gregorian(buddhist):
    """YYYYMMDD of the other era; unknown parts stay 00, and a card for life stays 99999999."""
    if buddhist in ("", "99999999"):
        return buddhist
    return f"{int(buddhist[:4]) - 543:04}{buddhist[4:].ljust(4).replace(' ', '0')}"


def gregorian_if_known(buddhist):
    """As above; a day that is not wholly known is left out."""
    return "" if "00" in (buddhist[4:6], buddhist[6:8]) else gregorian(buddhist)


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
    fields = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
    prefix_th, first_th, last_th = named(fields["Thai name"])
    prefix_en, first_en, last_en = named(fields["English name"])
    house, moo, trok, soi, road, sub_district, district, province = (part.strip() for part in fields["address"].split("#"))
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
            "citizenIdCardIssueDate": gregorian_if_known(fields["issue date"]),
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


def write(path, text):
    """One file, with the same line ends everywhere."""
    path.write_text(text, encoding="utf-8", newline="\n")


def table(title, sentences):
    """A heading and a row for each card; a bar inside a sentence would end its cell."""
    rows = [f"| `{name}` | {sentence} |" for name, sentence in sorted(sentences.items())]
    return "\n".join([f"### {title}", "", "| name | what it is |", "|---|---|", *rows, ""])


def write_tables():
    """The catalogue in README.md, between its two marks."""
    path = FOLDER / "README.md"
    before, rest = path.read_text(encoding="utf-8").split("<!-- cards -->\n")
    _, after = rest.split("<!-- end of cards -->")
    tables = [
        table("Lawful: `NAME.hex` and `expected/NAME.json`", {name: card[0] for name, card in LAWFUL.items()}),
        table("Refused for what is on them: `NAME.hex`", {name: card[0] for name, card in REFUSED.items()}),
        table("Refused for what they do: `evil/NAME.card`", {name: card[0] for name, card in CONDUCT.items()}),
    ]
    write(path, f"{before}<!-- cards -->\n\n" + "\n".join(tables) + f"\n<!-- end of cards -->{after}")


def main():
    """Writes every card, and beside the readable ones what they must become."""
    for name, card in (LAWFUL | REFUSED).items():
        card = Card(*card)
        write(FOLDER / f"{name}.hex", card_file(card))
        if card.postal_codes is not None:
            record = expected(card.chip_number, card.fields, card.postal_codes)
            text = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
            write(FOLDER / "expected" / f"{name}.json", text)
    for name, (sentence, stage, conduct) in CONDUCT.items():
        lines = [f"# {sentence}", "image = tiny-photo", f"from = {stage}", f"conduct = {conduct}"]
        write(FOLDER / "evil" / f"{name}.card", "\n".join(lines) + "\n")
    write_tables()
    print(f"{len(LAWFUL)} lawful cards, {len(REFUSED)} refused for their content, {len(CONDUCT)} for their conduct")
    print(f"portraits of {len(PHOTO)} and {len(SMALL_PHOTO)} bytes")


if __name__ == "__main__":
    main()
